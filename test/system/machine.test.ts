/** The real VHDX under real firmware: boots, and is what build.json says. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeRaw } from '../../pipeline/disk/write.ts';
import { encodeGpt } from '../../pipeline/formats/gpt.ts';
import { PARTITION_TYPES, seededGuid } from '../../pipeline/formats/guid.ts';
import { digestFile } from '../../pipeline/engine/digest.ts';
import { caisson } from '../support/caisson.ts';
import { probe, type Probed } from '../support/machine.ts';
import { vmTools } from '../support/vm-tools.ts';

const { own, scratch } = inject('builds');
const never = new AbortController().signal;

const SCRIPT = `
echo "root=$(findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /)"
echo "table=$(cat /sys/block/dm-0/dm/name) $(cat /sys/block/dm-0/ro) $(cat /sys/block/dm-0/dm/uuid)"
echo "cmdline=$(cat /proc/cmdline)"
echo "slot=$(cat /run/caisson/slot)"
echo "slave=$(ls /sys/block/dm-0/slaves)"
echo "sectors=$(cat /sys/class/block/$(ls /sys/block/dm-0/slaves | tr -d 0-9)/size)"
echo "named=$(readlink /dev/caisson/Log)"
echo "data=$(readlink -f $(findmnt --noheadings --nofsroot --output SOURCE /var/.eflow/overlays))"
echo "usr=$(touch /usr/caisson-was-here 2>&1 || echo refused)"
echo "remount=$(mount -o remount,rw / 2>&1 && touch /usr/caisson-was-here 2>&1 || echo refused)"
for each in /etc /home /root /var; do
  echo "overlay$each=$(findmnt --noheadings --output FSTYPE $each) $(touch $each/written && echo writable)"
done
echo "store=$(findmnt --noheadings --output OPTIONS /var/.eflow/overlays)"
echo "hidden=$(ls /var/.eflow/overlays | tr '\\n' ' ')"
echo "logs=$(findmnt --noheadings --output FSTYPE,OPTIONS /logs)"
echo "state=$(systemctl is-system-running)"
echo "failed=$(systemctl list-units --failed --plain --no-legend | tr '\\n' ';')"
echo "target=$(systemctl is-active multi-user.target)"
echo "kernel=$(uname -r)"
echo "listen=$(ss --listening --tcp --numeric --no-header | awk '{print $4}' | grep -v '^127\\.\\|^\\[::1\\]' | tr '\\n' ' ')"
echo "image=$(. /etc/os-release; echo $IMAGE_ID $IMAGE_VERSION)"
echo "machine=$(wc -c </etc/machine-id)"
echo "passwords=$(grep -c '^[^:]*:\\$' /etc/shadow)"
`;

let tree: string;
beforeAll(async () => {
  tree = await vmTools(own.cache);
});

describe('eflow.vhdx', () => {
  let machine: Probed;
  let before: { sha256: string };
  beforeAll(async () => {
    const image = path.join(own.out, 'eflow.vhdx');
    before = await digestFile(image, never);
    machine = await probe(image, { script: SCRIPT, tree, scratch: path.join(scratch, 'vm-a'), cache: own.cache });
  });
  afterAll(async () => rm(path.join(scratch, 'vm-a'), { recursive: true, force: true }));

  it('boots through the selector into slot A, to multi-user', () => {
    expect(machine.console.some(line => line.includes('caisson: slot A'))).toBe(true);
    expect(machine.facts).toMatchObject({ slot: 'A', slave: 'sda3', target: 'active', state: 'running', failed: '' });
    expect(machine.facts.cmdline).toContain('caisson.slot=A rauc.slot=A');
  });

  it('says on the console that it is ready, and that nobody can log in; and asks nobody to', () => {
    expect(machine.console.some(line => /caisson: ready: eflow .*nobody can log in/.test(line))).toBe(true);
    expect(machine.console.some(line => /login:/.test(line))).toBe(false);
  });

  it('has its root on dm-verity with the root hash of build.json', () => {
    expect(machine.facts.root).toMatch(/^\/dev\/mapper\/root erofs ro,/);
    expect(machine.facts.table).toMatch(/^root 1 CRYPT-VERITY-/);
    expect(machine.facts.cmdline).toContain(`caisson.roothash=${own.record.rootHash}`);
  });

  it('refuses every write to /usr, remounted or not', () => {
    expect(machine.facts.usr).toMatch(/Read-only file system$/);
    expect(machine.facts.remount).toMatch(/write-protected|refused$/);
  });

  it.each(['/etc', '/home', '/root', '/var'])('has a writable overlay on %s', name => {
    expect(machine.facts[`overlay${name}`]).toBe('overlay writable');
  });

  it('shows the store of the overlays read-only', () => {
    expect(machine.facts.store).toMatch(/^ro,/);
    expect(machine.facts.hidden).toBe('etc home root var');
  });

  it('has Log at /logs with the flags of the layout', () => {
    expect(machine.facts.logs).toMatch(/^ext4 rw,nosuid,nodev,noexec/);
  });

  it('runs the kernel and the version of build.json', () => {
    expect(machine.facts.kernel).toBe((own.record as unknown as { kernel: string }).kernel);
    expect(machine.facts.image).toBe(`eflow ${own.record.version}`);
    expect(machine.facts.machine).toBe('33');
  });

  it('listens on nothing but SSH, and no account has a password', () => {
    expect(new Set(machine.facts.listen?.split(' '))).toEqual(new Set(['0.0.0.0:22', '[::]:22']));
    expect(machine.facts.passwords).toBe('0');
  });

  it('was not changed by running', async () => {
    expect(await digestFile(path.join(own.out, 'eflow.vhdx'), never)).toEqual(before);
  });
});

describe('an image with slot B filled', () => {
  it('boots slot B when asked, from its own disk, past another one with the same partition names', async () => {
    const out = path.join(scratch, 'slot-b');
    const built = await caisson(
      [
        'build',
        'eflow',
        '--set',
        'layout.empty=[]',
        '--set',
        'stages.selector.options.order=[B, A]',
        '--out',
        out,
        '--plain',
      ],
      { cwd: own.project, cache: own.cache },
    );
    expect(built.exitCode, built.stderr).toBe(0);
    // Nothing that slot A's bytes come from was built again.
    expect(built.stdout).toMatch(/verity +reused/);
    const decoy = path.join(scratch, 'decoy.raw');
    await writeDecoy(decoy);
    const machine = await probe(path.join(out, 'eflow/eflow.vhdx'), {
      script: SCRIPT,
      tree,
      scratch: path.join(scratch, 'vm-b'),
      cache: own.cache,
      otherDisks: [decoy],
    });
    expect(machine.facts).toMatchObject({ slot: 'B', target: 'active', failed: '' });
    // The kernel may call either disk sda; the decoy is told by its size.
    const [, disk] = /^(sd[ab])6$/.exec(machine.facts.slave ?? '') ?? [];
    expect(machine.facts.sectors).toBe(String(own.record.size / 512));
    expect(machine.facts).toMatchObject({ named: `../${disk}7`, data: `/dev/${disk}8` });
    expect(machine.facts.logs).toMatch(/^ext4 rw/);
    expect(machine.facts.cmdline).toContain('caisson.slot=B rauc.slot=B');
    await Promise.all([out, path.join(scratch, 'vm-b')].map(each => rm(each, { recursive: true, force: true })));
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
    signal: never,
    onProgress: () => undefined,
  });
}
