import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import { readStorage } from './storage.ts';
import { keepsChanges } from './log-partition.ts';

export const ownDisk = claim({
  name: 'own-disk',
  promise: () =>
    'With a second copy of the image attached the machine uses the partitions of the disk it booted from alone.',
  tried: "another copy's disk before its own on the bus; root, mounts and names of partitions followed to their disk",
  scenario: 'other',
  // Copies of an image that keeps nothing are the same, to the last id.
  applies: keepsChanges,
  prove: async ({ machine, image }) => {
    const storage = await readStorage(machine);
    const disks = storage.blocks.filter(each => each.name === '' && each.guid !== '');
    const guidOf = (device: string): string => disks.find(each => each.device === device)?.guid ?? 'unknown';
    const own = image.otherDiskGuid.toLowerCase();
    const other = disks.find(each => each.guid === image.diskGuid.toLowerCase());
    const answers = await ask(
      machine,
      `device=/sys/dev/block/$(mountpoint --fs-devno /)
if [ -d "$device/dm" ]; then for each in "$device/slaves"/*; do say root "$(cat "$each/dev")"; done
else say root "$(cat "$device/dev")"; fi
for each in /dev/caisson/*; do say named "$(basename "$(readlink -f "$each")")"; done`,
    );
    const nodes = answers.all('named');
    const mounted = storage.mounts.flatMap(mount => {
      const block = storage.blocks.find(each => each.device === mount.device);
      return block === undefined || block.name === '' ? [] : [{ point: mount.point, disk: block.disk }];
    });
    const roots = answers.all('root').flatMap(device => storage.blocks.filter(each => each.device === device));
    const strays = mounted.filter(each => guidOf(each.disk) !== own);
    const named = storage.blocks.filter(each => nodes.includes(each.node.replace('/dev/', '')));
    return [
      fact(other !== undefined, `the other disk is ${other === undefined ? 'NOT seen' : `seen as ${other.node}`}`),
      fact(
        roots.length > 0 && roots.every(each => guidOf(each.disk) === own),
        `the root is on ${roots.map(each => each.node).join(', ')}, of disk ${guidOf(roots[0]?.disk ?? '').slice(0, 8)}…`,
      ),
      fact(
        mounted.length > 0 && strays.length === 0,
        strays.length === 0
          ? `${mounted.length} mounts, all of its own disk`
          : `of the OTHER disk: ${strays.map(each => each.point).join(', ')}`,
      ),
      fact(
        named.length > 0 && named.every(each => guidOf(each.disk) === own),
        `${named.length} names in /dev/caisson, ${named.every(each => guidOf(each.disk) === own) ? 'all of its own disk' : 'some of the OTHER disk'}`,
      ),
    ];
  },
});
