/**
 * A definition that is not ours (test/fixtures/buoy): 4096-byte sectors, an ext4 root below verity, data before the
 * system, slot B before slot A, no partition for logs, and no name of the project's own. It builds, and boots.
 */
import { cp, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CliResult, inTree } from '../support/caisson.ts';
import { buildFixture } from '../support/fixture.ts';
import { probe, type Probed } from '../support/machine.ts';
import { cutOut as cutPartition, flip } from '../support/partition.ts';
import { vmTools } from '../support/vm-tools.ts';
import type { BuildRecord } from './set-up.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'buoy');
const project = path.join(folder, 'first');
const out = path.join(project, 'out/buoy');
const run = (...argv: string[]): Promise<string> =>
  inTree(tools, folder, argv, { binds: [{ host: out, inside: '/mnt/image', writable: false }] });

let built: CliResult;
let record: BuildRecord;
beforeAll(async () => {
  built = await build('buoy', project, 'cache-1');
  if (built.exitCode !== 0) throw new Error(built.stderr);
  record = await recordOf(project);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('the build', () => {
  it('has nothing to warn of', () => {
    expect(built.stderr).toBe('');
    expect(built.stdout).not.toMatch(/warning/);
  });

  it('gives the same bytes in each step from another folder and an empty store', async () => {
    const other = path.join(folder, 'a second place');
    await build('buoy', other, 'cache-2');
    const again = await recordOf(other);
    expect(again.stages.every(each => !each.cached)).toBe(true);
    expect(again.stages.map(each => [each.id, each.key, each.sha256])).toEqual(
      record.stages.map(each => [each.id, each.key, each.sha256]),
    );
    await Promise.all([other, path.join(folder, 'cache-2')].map(each => rm(each, { recursive: true })));
  });

  it('has what the layout says, in its order, at its alignment', () => {
    const MiB = 2 ** 20;
    const rows = record.partitions.map(({ name, start, size }) => [name, start / MiB, size / MiB]);
    expect(rows).toEqual([
      ['locker-7', 4, 12],
      ['signal+flags', 16, 36],
      ['log.book', 52, 120],
      ['starboard rudder', 172, 12],
      ['starboard_engine', 184, 68],
      ['starboard:hull', 252, 404],
      ['port rudder', 656, 12],
      ['port_engine', 668, 68],
      ['port:hull', 736, 404],
    ]);
  });
});

describe('the disk of 4096-byte sectors, as others read it', () => {
  it('sfdisk finds no error in the table and every partition in its place', async () => {
    const sfdisk = ['sfdisk', '--sector-size', '4096'];
    expect(await run(...sfdisk, '--verify', '/mnt/image/buoy.raw')).toMatch(/^No errors detected\.$/m);
    const { partitiontable: table } = JSON.parse(await run(...sfdisk, '--json', '/mnt/image/buoy.raw')) as {
      partitiontable: { sectorsize: number; partitions: { name: string; start: number; size: number; uuid: string }[] };
    };
    expect(table.sectorsize).toBe(4096);
    expect(
      table.partitions.map(({ name, start, size, uuid }) => [name, start * 4096, size * 4096, uuid.toLowerCase()]),
    ).toEqual(record.partitions.map(({ name, start, size, uuid }) => [name, start, size, uuid]));
  });

  it('vhdiinfo reads the sectors of the VHDX', async () => {
    const text = await run('vhdiinfo', '/mnt/image/buoy.vhdx');
    expect(text).toMatch(/Bytes per sector\s*: 4096 bytes/);
    expect(text).toContain(`(${record.size} bytes)`);
  });

  it('qemu-img finds the VHDX equal to the raw form', async () => {
    const copy = path.join(folder, 'as-512.vhdx');
    await cp(path.join(out, 'buoy.vhdx'), copy);
    await patchSectorSize(copy);
    const images = ['/mnt/work/as-512.vhdx', '/mnt/image/buoy.raw'];
    expect(await run('qemu-img', 'check', '-f', 'vhdx', '/mnt/work/as-512.vhdx')).toMatch(/No errors/);
    expect(await run('qemu-img', 'compare', '-f', 'vhdx', '-F', 'raw', ...images)).toMatch(/identical/);
    await rm(copy);
  });

  it.each([
    ['starboard rudder', ['fsck.vfat', '-n', '-v']],
    ['port_engine', ['fsck.vfat', '-n', '-v']],
    ['signal+flags', ['fsck.vfat', '-n', '-v']],
    ['locker-7', ['unsquashfs', '-cat']],
    ['log.book', ['e2fsck', '-f', '-n']],
    ['port:hull', ['e2fsck', '-f', '-n']],
    ['starboard:hull', ['e2fsck', '-f', '-n']],
  ])('%s: %j', async (name, argv) => {
    await cutOut(name);
    const more = argv.includes('-cat') ? ['/baltic/kiel.txt'] : [];
    await expect(run(...argv, '/mnt/work/partition.img', ...more)).resolves.toBeDefined();
  });
});

describe('an ext4 root below verity', () => {
  it('has no journal, and is about as large as its files', async () => {
    await cutOut('port:hull');
    const header = await run('dumpe2fs', '-h', '/mnt/work/partition.img');
    const count = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(header)?.[1]);
    expect(header).not.toMatch(/has_journal|resize_inode/);
    expect(count('Block count') * 4096).toBe(record.hashOffset);
    expect(count('Free blocks') / count('Block count')).toBeLessThan(0.1);
  });

  it('veritysetup finds the root hash of build.json in either slot, and repairs a damaged block', async () => {
    for (const name of ['starboard:hull', 'port:hull']) {
      await cutOut(name);
      await expect(verify()).resolves.toBeDefined();
    }
    await flip(path.join(folder, 'partition.img'), 4096 * 777 + 5);
    await expect(verify()).rejects.toThrow();
    await expect(
      verify('--fec-device=/mnt/work/partition.img', `--fec-offset=${record.fecOffset}`, '--fec-roots=5'),
    ).resolves.toBeDefined();
  });
});

const SCRIPT = `
disk=/dev/$(ls /sys/block/dm-0/slaves | tr -d 0-9)
mount --types vfat --options ro /dev/caisson/starboard_rudder /mnt
echo "tries=$(grep '^[A-Z_]*=' /mnt/EFI/caisson/grubenv | tr '\\n' ' ')"
echo "slot=$(cat /run/caisson/slot) $(ls /sys/block/dm-0/slaves)"
echo "sectors=$(blockdev --getss $disk) $(blockdev --getpbsz $disk)"
echo "sgdisk=$(sgdisk --verify $disk | tr '\\n' ' ')"
echo "sfdisk=$(sfdisk --verify $disk 2>&1 | tr '\\n' ' ')"
echo "root=$(findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /)"
echo "table=$(cat /sys/block/dm-0/dm/name) $(cat /sys/block/dm-0/ro) $(cat /sys/block/dm-0/dm/uuid)"
echo "cmdline=$(cat /proc/cmdline)"
for each in 1 2 3 4 5 6 7 8 9; do echo "name$each=$(sed -n s/^PARTNAME=//p /sys/class/block/\${disk#/dev/}$each/uevent)"; done
for each in /srv/charts /media/signals /srv/logbook /srv/engine; do
  echo "$each=$(readlink -f $(findmnt --noheadings --nofsroot --output SOURCE $each)) $(findmnt --noheadings --output FSTYPE,OPTIONS $each)"
done
echo "linked=$(readlink -f /dev/caisson/locker-7 /dev/caisson/starboard_rudder /dev/caisson-slot/engine | tr '\\n' ' ')"
echo "charts=$(cat /srv/charts/baltic/kiel.txt) $(cat /media/signals/baltic/kiel.txt)"
echo "times=$(stat --format=%Y /srv/charts/baltic/kiel.txt /media/signals/baltic/kiel.txt | tr '\\n' ' ')"
echo "uki=$(ls /srv/engine/EFI/caisson)"
for each in /opt/a-b /opt/a/b /var/lib /var/log; do
  echo "overlay$each=$(findmnt --noheadings --output FSTYPE,OPTIONS $each) $(echo "$each" >$each/written && echo writable)"
done
echo "signs=$(cat /opt/a-b/sign.txt /opt/a/b/sign.txt | tr '\\n' ' ')"
echo "covered=$(stat -c '%a %u:%g' /opt/a-b) $(stat -c '%a %u:%g' /opt/a/b)"
cd /srv/logbook/kept/layers
echo "kept=$(for each in *; do echo "$each:$(cat $each/upper/written)"; done | tr '\\n' ' ')"
echo "shown=$(findmnt --noheadings --output OPTIONS /var/kept/layers) $(ls /var/kept/layers | tr '\\n' ' ')"
echo "journal=$(ls /var/log/journal/*/system.journal | wc -l)"
for each in / /etc /var /usr; do echo "refused$each=$(touch $each/written 2>&1)"; done
echo "hostname=$(hostname) $(. /etc/os-release; echo $IMAGE_ID $IMAGE_VERSION) $(id -u keeper)"
echo "state=$(systemctl is-system-running) $(systemctl list-units --failed --plain --no-legend | tr '\\n' ';')"
`;

describe('booted', () => {
  let machine: Probed;
  beforeAll(async () => {
    // QEMU takes no VHDX of 4096-byte sectors.
    machine = await bootOnce(path.join(out, 'buoy.raw'), SCRIPT);
  });

  it('comes up whole, from slot A behind slot B', () => {
    expect(machine.console.some(line => line.includes('caisson: slot A'))).toBe(true);
    expect(machine.facts).toMatchObject({ slot: 'A sda9', state: 'running', hostname: 'bell buoy 0.7 1404' });
    expect(machine.facts.cmdline).toContain('panic=9');
    // GRUB read and wrote its state on a disk of 4096-byte sectors.
    expect(machine.facts.tries).toMatch(
      /^ORDER=A B VERITY=on B_OK=1 B_TRY=0 A_OK=1 A_TRY=1 STARTED=\d{4}(_\d{1,2}){5} SELECTOR=\d+$/,
    );
  });

  it('has 4096-byte sectors and a table without problems, with the names of the layout', () => {
    expect(machine.facts).toMatchObject({ sectors: '4096 4096' });
    expect(machine.facts.sgdisk).toMatch(/No problems found/);
    expect(machine.facts.sfdisk).toMatch(/No errors detected/);
    expect(record.partitions.map(({ number }) => machine.facts[`name${number}`])).toEqual(
      record.partitions.map(({ name }) => name),
    );
  });

  it('has its ext4 root on dm-verity, with the flags of the layout', () => {
    expect(machine.facts.root).toMatch(/^\/dev\/mapper\/root ext4 ro,nodev,nodiratime/);
    expect(machine.facts.table).toMatch(/^root 1 CRYPT-VERITY-/);
    expect(machine.facts.cmdline).toContain(`caisson.roothash=${record.rootHash}`);
  });

  it.each([
    ['/srv/charts', /^\/dev\/sda1 squashfs ro,nosuid,nodev,/],
    ['/media/signals', /^\/dev\/sda2 vfat rw,nosuid,nodev,noexec,.*fmask=0027,dmask=0027/],
    ['/srv/logbook', /^\/dev\/sda3 ext4 rw,nosuid,nodev,noexec,noatime/],
    ['/srv/engine', /^\/dev\/sda8 vfat ro,.*fmask=0077/],
  ])('has its partition at %s', (mount, expected) => expect(machine.facts[mount]).toMatch(expected));

  it('has the content that the definition put there', () => {
    expect(machine.facts).toMatchObject({
      linked: '/dev/sda1 /dev/sda4 /dev/sda8',
      charts: 'Kiel 54.32 N 10.15 E Kiel 54.32 N 10.15 E',
      uki: 'slot.efi',
      // After 2038, where the file system's program takes such a time: mke2fs -d does not.
      times: `${record.epoch} ${record.epoch}`,
    });
  });

  it('keeps each overlay by itself on the declared content', () => {
    for (const [name, mount] of [
      ['opt-a%2db', '/opt/a-b'],
      ['opt-a-b', '/opt/a/b'],
      ['var-lib', '/var/lib'],
      ['var-log', '/var/log'],
    ] as const) {
      expect(machine.facts[`overlay${mount}`]).toContain(
        `upperdir=/run/caisson/mounted/logbook/kept/layers/${name}/upper,`,
      );
      expect(machine.facts[`overlay${mount}`]).toMatch(/^overlay rw,nosuid,nodev,.* writable$/);
      expect(machine.facts.kept?.split(' ')).toContain(`${name}:${mount}`);
    }
    expect(machine.facts).toMatchObject({ signs: 'dash slash', covered: '750 1404:1404 755 0:0', journal: '1' });
    expect(machine.facts.shown).toMatch(/^ro,nosuid,nodev,noexec,.* opt-a%2db opt-a-b var-lib var-log$/);
  });

  it('refuses writes to all else', () => {
    for (const each of ['/', '/etc', '/var', '/usr'])
      expect(machine.facts[`refused${each}`]).toMatch(/Read-only file system$/);
  });
});

describe('an image without boot loader and data, of the same project', () => {
  it('boots by the firmware alone, and takes its slot from the partition it was started from', async () => {
    expect(await build('dinghy', project, 'cache-1')).toMatchObject({ exitCode: 0, stderr: '' });
    const { facts } = await bootOnce(
      path.join(project, 'out/dinghy/dinghy.vhdx'),
      `echo "slot=$(cat /run/caisson/slot) $(ls /sys/block/dm-0/slaves)"
      echo "root=$(findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /)"
      echo "cmdline=$(cat /proc/cmdline)"
      echo "sectors=$(blockdev --getss /dev/caisson/planks-1)"`,
    );
    expect(facts).toMatchObject({ slot: 'B sda2', sectors: '512' });
    expect(facts.root).toMatch(/^\/dev\/mapper\/root squashfs ro,nodev/);
    expect(facts.cmdline).toContain('caisson.slot=auto');
  });
});

async function bootOnce(image: string, script: string): Promise<Probed> {
  const tree = await vmTools(own.cache);
  return probe(image, { script, tree, scratch: path.join(folder, `vm-${path.basename(image)}`), cache: own.cache });
}

function build(image: string, place: string, cache: string): Promise<CliResult> {
  return buildFixture({
    fixture: 'buoy',
    image,
    formats: image === 'buoy' ? 'vhdx,raw' : 'vhdx',
    project: place,
    cache: path.join(folder, cache),
    shared: own.cache,
  });
}

async function recordOf(place: string): Promise<BuildRecord> {
  return JSON.parse(await readFile(path.join(place, 'out/buoy/build.json'), 'utf8')) as BuildRecord;
}

async function cutOut(name: string): Promise<void> {
  const image = path.join(out, 'buoy.raw');
  await cutPartition({ tools, image, record, name, target: path.join(folder, 'partition.img') });
}

function verify(...more: string[]): Promise<string> {
  const image = '/mnt/work/partition.img';
  return run('veritysetup', 'verify', image, image, record.rootHash, `--hash-offset=${record.hashOffset}`, ...more);
}

/**
 * Writes 512 for the logical sector: QEMU refuses all else. Blocks of disks below 4 GiB stand in the same places for
 * either ([MS-VHDX] 2.5: ChunkRatio), so all but this number is read as it is.
 */
async function patchSectorSize(file: string): Promise<void> {
  const ITEM = Buffer.from('1dbf41816fa90947ba47f233a8faab5f', 'hex');
  const handle = await open(file, 'r+');
  const head = Buffer.alloc(4 << 20);
  await handle.read(head, 0, head.length, 0);
  const metadata = head.indexOf('metadata', 0, 'latin1');
  const offset = head.readUInt32LE(head.indexOf(ITEM, metadata) + 16);
  if (head.readUInt32LE(metadata + offset) !== 4096)
    throw new Error('the logical sector is not where it was looked for');
  await handle.write(Buffer.from([0, 2, 0, 0]), 0, 4, metadata + offset);
  await handle.close();
}
