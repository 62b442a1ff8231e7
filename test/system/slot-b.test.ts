/** A disk with slot B filled and asked for, its root verified, beside another disk with the same names. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeRaw } from '../../pipeline/disk/write.ts';
import { encodeGpt } from '../../pipeline/formats/gpt.ts';
import { PARTITION_TYPES, seededGuid } from '../../pipeline/formats/guid.ts';
import type { GuestMachine } from '../../pipeline/engine/machine/guest-machine.ts';
import { caisson } from '../support/caisson.ts';
import { factsOf, startSeeded } from '../support/guest.ts';
import { makeKeys, workplace } from '../support/provisioned.ts';

const builds = inject('builds');
const { own } = builds;
const place = workplace(builds, 'slot-b');
const { folder, at } = place;

const SCRIPT = `
echo "cmdline=$(cat /proc/cmdline)"
echo "slot=$(cat /run/caisson/slot)"
echo "root=$(findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /)"
echo "table=$(cat /sys/block/dm-0/dm/name) $(cat /sys/block/dm-0/ro) $(cat /sys/block/dm-0/dm/uuid)"
echo "slave=$(ls /sys/block/dm-0/slaves)"
echo "sectors=$(cat /sys/class/block/$(ls /sys/block/dm-0/slaves | tr -d 0-9)/size)"
echo "disks=$(ls -d /sys/block/sd* | wc -l)"
echo "named=$(readlink /dev/caisson/Log)"
echo "data=$(readlink -f "$(findmnt --noheadings --nofsroot --output SOURCE /var/.eflow/overlays)")"
echo "logs=$(findmnt --noheadings --output FSTYPE,OPTIONS /logs)"
echo "state=$(systemctl is-system-running --wait) $(systemctl list-units --failed --plain --no-legend | tr '\\n' ';')"
`;

let built: Awaited<ReturnType<typeof caisson>>;
let machine: GuestMachine;
let facts: Record<string, string>;
beforeAll(async () => {
  await makeKeys(place, ['mate']);
  const changes = ['verifiedBoot=on', 'layout.empty=[]', 'stages.selector.options.order=[B, A]'].flatMap(each => [
    '--set',
    each,
  ]);
  built = await caisson(['build', 'eflow', ...changes, '--out', at('out'), '--plain'], {
    cwd: own.project,
    cache: own.cache,
  });
  if (built.exitCode !== 0) throw new Error(`no image: ${built.stderr}`);
  await writeDecoy(at('decoy.raw'));
  machine = await startSeeded(place, {
    image: at('out/eflow/eflow.vhdx'),
    cache: own.cache,
    otherDisks: [at('decoy.raw')],
  });
  facts = await factsOf(machine, SCRIPT);
});
afterAll(async () => {
  await machine.kill();
  await rm(folder, { recursive: true, force: true });
});

describe('an image with slot B filled', () => {
  it('was built without building again what slot A is made of', () => expect(built.stdout).toMatch(/verity +reused/));

  it('boots slot B when asked', () => {
    expect(facts).toMatchObject({ slot: 'B', state: 'running' });
    expect(facts.cmdline).toContain('caisson.slot=B rauc.slot=B');
  });

  it('has its root on dm-verity with the root hash of build.json, as the definition says', () => {
    expect(facts.root).toMatch(/^\/dev\/mapper\/root erofs ro,/);
    expect(facts.table).toMatch(/^root 1 CRYPT-VERITY-/);
    expect(facts.cmdline).toContain(`caisson.roothash=${own.record.rootHash}`);
  });

  it('boots from its own disk, past another one with the same partition names', () => {
    // The kernel may call any of the disks sda; this one is told by its size.
    const [, disk] = /^(sd[abc])6$/.exec(facts.slave ?? '') ?? [];
    expect(facts).toMatchObject({ disks: '3', sectors: String(own.record.size / 512) });
    expect(facts).toMatchObject({ named: `../${disk}7`, data: `/dev/${disk}8` });
    expect(facts.logs).toMatch(/^ext4 rw/);
  });
});

/** A disk with the names of eflow's partitions and nothing in them. */
async function writeDecoy(file: string): Promise<void> {
  const MiB = 2 ** 20;
  const names = ['RootFSA', 'RootFSB', 'Log', 'Data'];
  const partitions = names.map((name, index) => ({
    number: index + 1,
    name,
    type: PARTITION_TYPES.linux,
    uuid: seededGuid('decoy', name),
    start: (1 + 16 * index) * MiB,
    end: (17 + 16 * index) * MiB,
    attributes: [],
  }));
  const size = 66 * MiB;
  const gpt = encodeGpt({ size, sectorSize: 512, diskGuid: seededGuid('decoy', 'disk'), partitions });
  const extents = [
    { start: 0, bytes: gpt.primary },
    { start: gpt.backupStart, bytes: gpt.backup },
  ];
  await writeRaw({ size, logicalSectorSize: 512, physicalSectorSize: 512, extents }, file, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}
