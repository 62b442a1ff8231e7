import { ask, endOf } from './ask.ts';
import type { Declaration } from '../formats/declaration.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { claim, fact, type Subject } from './claim.ts';

/** The whole device is read: each block of it has then been compared with the hash tree. */
const SCRIPT = String.raw`
device=/sys/dev/block/$(mountpoint --fs-devno /)
say slot "$(cat /run/caisson/slot)"
for word in $(cat /proc/cmdline); do case "$word" in caisson.roothash=*) say hash "$(printf '%s' "$word" | cut -d= -f2)" ;; esac; done
say uuid "$(cat "$device/dm/uuid" 2>/dev/null)"
say ro "$(cat "$device/ro")"
for each in "$device/slaves"/*; do say partition "$(sed -n 's/^PARTNAME=//p' "$each/uevent")"; done
ends read dd "if=$(findmnt --noheadings --output SOURCE /)" of=/dev/null bs=4M`;

export const rootVerity = claim({
  name: 'root-verity',
  promise: () =>
    'The root file system is checked by dm-verity against the root hash inside the kernel image, unless that is switched off.',
  tried: 'root hash of the kernel image compared with that of the running kernel; whole device read through dm-verity',
  prove: async subject => {
    const answers = await ask(subject.machine, 'say words "$(cat /proc/cmdline)"');
    if (!answers.one('words').split(' ').includes('caisson.verity=off')) return verifiedFacts(subject);
    return [fact(true, 'it is switched off'), ...(await unverifiedFacts(subject))];
  },
});

/** What shows that the root is verified, whichever way it came to be. */
export async function verifiedFacts({ machine, image, declaration }: Subject): Promise<ProvenFact[]> {
  const answers = await ask(machine, SCRIPT);
  const [slot, running] = [answers.one('slot'), answers.all('hash').at(-1) ?? 'none'];
  const wanted = image.rootHashes[slot] ?? 'unknown';
  const names = declaration.partitions.filter(each => each.content === rootContent(declaration)).map(each => each.name);
  const partitions = answers.all('partition');
  const read = endOf(answers.one('read'));
  const uuid = answers.one('uuid');
  return [
    fact(
      running === wanted,
      `root hash ${running.slice(0, 16)}…, the kernel image of slot ${slot} says ${wanted.slice(0, 16)}…`,
    ),
    fact(uuid.startsWith('CRYPT-VERITY-'), `the device of / is ${uuid || 'no device-mapper target'}`),
    fact(answers.one('ro') === '1', `its block device is ${answers.one('ro') === '1' ? 'read-only' : 'writable'}`),
    fact(
      partitions.length > 0 && partitions.every(each => names.includes(each)),
      `it stands on ${partitions.join(', ')}`,
    ),
    fact(read.code === 0, `reading all of it: ${read.text.split(';').at(-1) ?? ''}`),
  ];
}

/** What shows that the root is the partition itself. */
export async function unverifiedFacts({ machine }: Subject): Promise<ProvenFact[]> {
  const answers = await ask(
    machine,
    `say partition "$(sed -n 's/^PARTNAME=//p' "/sys/dev/block/$(mountpoint --fs-devno /)/uevent")"
say options "$(findmnt --noheadings --output OPTIONS /)"`,
  );
  const partition = answers.one('partition');
  return [
    fact(partition !== '', `the root is ${partition === '' ? 'NOT a partition' : `the partition ${partition} itself`}`),
    fact(answers.one('options').split(',').includes('ro'), `mounted ${answers.one('options')}`),
  ];
}

/** Content of the partitions that hold the root. */
export function rootContent({ partitions }: Pick<Declaration, 'partitions'>): string {
  return partitions.find(each => each.mount === '/')?.content ?? 'rootfs';
}
