import { ask, endOf } from './ask.ts';
import { claim, type Claim, fact } from './claim.ts';

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
  promise: () => 'The root file system is checked by dm-verity against the root hash inside the kernel image.',
  tried: 'root hash of the kernel image compared with that of the running kernel; whole device read through dm-verity',
  prove: async ({ machine, image, declaration }) => {
    const answers = await ask(machine, SCRIPT);
    const [slot, running] = [answers.one('slot'), answers.all('hash').at(-1) ?? 'none'];
    const wanted = image.rootHashes[slot] ?? 'unknown';
    const names = declaration.partitions
      .filter(each => each.content === rootContent(declaration))
      .map(each => each.name);
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
  },
});

function rootContent({ partitions }: Parameters<Claim['applies']>[0]): string {
  return partitions.find(each => each.mount === '/')?.content ?? 'rootfs';
}
