import { ask } from './ask.ts';
import { claim, fact, type Subject } from './claim.ts';
import { readStorage } from './storage.ts';
import { keepsChanges } from './log-partition.ts';

interface Identity {
  hostKeys: string[];
  machineId: string;
  diskGuid: string;
  /** Name of the partition -> its GUID, and UUID of its file system. */
  guids: Record<string, string>;
  uuids: Record<string, string>;
}

export const copiesDiffer = claim({
  name: 'copies-differ',
  promise: () =>
    'Two copies of the image share no host key, machine-id, disk or partition GUID, nor UUID of Log or Data.',
  tried: 'both booted, all of them read in the guest',
  scenario: 'other',
  applies: declaration => declaration.overlays !== null && keepsChanges(declaration),
  prepare: async subject => JSON.stringify(await identityOf(subject, subject.image.diskGuid)),
  prove: async subject => {
    const one = JSON.parse(subject.before) as Identity;
    const two = await identityOf(subject, subject.image.otherDiskGuid);
    const names = Object.keys(two.guids);
    const shared = names.filter(name => one.guids[name] === two.guids[name]);
    // Those that provisioning makes anew; the others are the same bytes, and nobody tells them by UUID.
    const fresh = subject.declaration.partitions.filter(each => each.filesystem === 'ext4' && each.slot === null);
    return [
      fact(
        two.hostKeys.length > 0 && two.hostKeys.every(each => !one.hostKeys.includes(each)),
        `host keys: ${two.hostKeys.length}, ${two.hostKeys.filter(each => one.hostKeys.includes(each)).length} shared`,
      ),
      fact(
        one.machineId.length === 32 && one.machineId !== two.machineId,
        `machine-id ${one.machineId.slice(0, 8)}… and ${two.machineId.slice(0, 8)}…`,
      ),
      fact(
        one.diskGuid !== '' && one.diskGuid !== two.diskGuid,
        `disk GUID ${one.diskGuid.slice(0, 8)}… and ${two.diskGuid.slice(0, 8)}…`,
      ),
      fact(
        names.length > 0 && shared.length === 0,
        shared.length === 0
          ? `${names.length} partition GUIDs, none shared`
          : `partition GUIDs SHARED: ${shared.join(', ')}`,
      ),
      ...fresh.map(({ name }) => {
        const [first, second] = [one.uuids[name] ?? '', two.uuids[name] ?? ''];
        return fact(
          first !== '' && second !== '' && first !== second,
          `${name}: file systems ${first.slice(0, 8)}… and ${second.slice(0, 8)}…`,
        );
      }),
    ];
  },
});

/** Of the disk with this GUID: another copy may be attached. */
async function identityOf({ machine }: Subject, diskGuid: string): Promise<Identity> {
  const { blocks } = await readStorage(machine);
  const disk = blocks.find(each => each.name === '' && each.guid === diskGuid.toLowerCase());
  const own = blocks.filter(each => each.name !== '' && each.disk === disk?.device);
  const answers = await ask(machine, 'tell id cat /etc/machine-id');
  return {
    hostKeys: [...machine.hostKeys],
    machineId: answers.one('id'),
    diskGuid: disk?.guid ?? '',
    guids: Object.fromEntries(own.map(each => [each.name, each.guid])),
    uuids: Object.fromEntries(own.map(each => [each.name, each.uuid])),
  };
}
