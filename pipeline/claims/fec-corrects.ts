import { ask } from './ask.ts';
import { claim, fact, type Subject } from './claim.ts';
import { rootOf, turnedBit } from './disk-parts.ts';
import { isEnforcedOnTwoSlots, runsFrom } from './enforced.ts';

const BLOCK = 4096;
/** Beyond what the kernel reads to mount it, before what nobody reads. */
const DAMAGED_BLOCK = 3;
const DAMAGED_BIT = 5;

/** What stands on the disk of the scenario `attacked`: one bit of a data block of slot A the other way round. */
export async function attackedRoot(disk: Subject['image']['disk']) {
  const { start } = rootOf(disk, 'A').data;
  return [await turnedBit(disk, start + DAMAGED_BLOCK * BLOCK + 1234, DAMAGED_BIT)];
}

export const fecCorrects = claim({
  name: 'fec-corrects',
  promise: () => 'A block of the root that is damaged is corrected by the kernel, and the machine goes on.',
  tried: 'one bit of a data block turned before the boot; the block read, and compared with what it was',
  scenario: 'attacked',
  applies: isEnforcedOnTwoSlots,
  prove: async ({ machine, image: { disk } }) => {
    const { start } = rootOf(disk, 'A').data;
    const original = await disk.read(start + DAMAGED_BLOCK * BLOCK, BLOCK);
    const block = `bs=${BLOCK} skip=${DAMAGED_BLOCK} count=1 status=none`;
    const answers = await ask(
      machine,
      `echo 3 >/proc/sys/vm/drop_caches
root=/dev/mapper/root
say read "$(dd if=$root ${block} | sha256sum | cut -c1-64)"
partition=$(ls "/sys/dev/block/$(mountpoint --fs-devno /)/slaves")
say raw "$(dd if=/dev/$partition ${block} | sha256sum | cut -c1-64)"
say corrected "$(dmesg | grep -c 'verity-fec: .*FEC.*corrected')"
say line "$(dmesg | grep 'verity-fec: .*FEC.*corrected' | tail -n 1)"`,
    );
    const wanted = await sha256(original);
    return [
      fact(
        /^[0-9a-f]{64}$/.test(answers.one('raw')) && answers.one('raw') !== wanted,
        'on the partition the block is not what the build wrote',
      ),
      fact(answers.one('read') === wanted, 'read through dm-verity it is'),
      fact(Number(answers.one('corrected')) > 0, `the kernel says: ${answers.one('line') || 'nothing'}`),
      ...(await runsFrom(machine, 'A')),
    ];
  },
});

async function sha256(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex');
}
