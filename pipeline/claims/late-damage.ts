import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import { overwritten, rootOf } from './disk-parts.ts';
import { comes, isEnforcedOnTwoSlots, RESTARTS_SECONDS, runsFrom } from './enforced.ts';

/** Big enough to have a block of its own, and nothing of a boot. */
const FILE = '/usr/sbin/mke2fs';
/** As filefrag(8) of e2fsprogs tells where a file stands: the first physical block of its first extent, of 4096 bytes. */
const PLACE = `filefrag -b4096 -v ${FILE} | awk '$1 == "0:" { sub(/\\.\\..*/, "", $4); print $4 }'`;

export const lateDamage = claim({
  name: 'late-damage',
  promise: () =>
    'A block that nobody reads at boot is damaged beyond correction: whoever reads it restarts the machine; the health check does, and it ends on slot B.',
  tried: `the correction of slot A written over before the start, a block of ${FILE} in the running machine; the file read, nothing else done but wait`,
  scenario: 'damaged',
  applies: isEnforcedOnTwoSlots,
  // Without it nothing is corrected, and nothing notices: no block is damaged yet.
  damage: async disk => [overwritten(rootOf(disk, 'A').fec)],
  prove: async ({ machine }) => {
    await machine.connect(0);
    // The slot is good, and has all its tries.
    const place = await ask(machine, `caisson health >/dev/null; say block "$(${PLACE})"`);
    const block = place.one('block');
    if (!/^[0-9]+$/.test(block)) return [fact(false, `${FILE} stands nowhere: ${block}`)];
    await ask(
      machine,
      `partition=/dev/$(ls "/sys/dev/block/$(mountpoint --fs-devno /)/slaves")
blockdev --setrw "$partition"
tr '\\000' '\\245' </dev/zero | dd "of=$partition" bs=4096 seek=${block} count=1 iflag=fullblock conv=notrunc,fsync status=none
sync; echo 3 >/proc/sys/vm/drop_caches`,
    );
    const from = machine.console.length;
    // It restarts before there is an answer.
    machine.sh(`cat ${FILE} >/dev/null`, { limitSeconds: 30 }).catch(() => undefined);
    const ready = /\bcaisson: ready: .* slot B\b/;
    if (!(await comes(machine, ready, { from, limitSeconds: RESTARTS_SECONDS })))
      return [fact(false, `slot B was not ready within ${RESTARTS_SECONDS} s`)];
    await machine.connect(machine.console.findLastIndex(line => ready.test(line)));
    const restarts = machine.boots - 1;
    const read = await machine.sh(`cat ${FILE} >/dev/null`);
    return [
      // Once for who read the file, and in each of the three tries for the health check.
      fact(restarts === 4, `it restarted ${restarts} times`),
      ...(await runsFrom(machine, 'B')),
      fact(read.exitCode === 0, 'there the file can be read'),
    ];
  },
});
