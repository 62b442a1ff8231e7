/** The real VHDX under real firmware, its key on a seed disk: it is what build.json says, and claims can talk to it. */
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { GuestMachine } from '../../pipeline/engine/machine/guest-machine.ts';
import { factsOf, startSeeded } from '../support/guest.ts';
import { digest, makeKeys, workplace } from '../support/provisioned.ts';

const builds = inject('builds');
const { own } = builds;
const place = workplace(builds, 'guest-machine');
const { folder, at } = place;
const image = path.join(own.out, 'eflow.vhdx');

const SCRIPT = `
echo "root=$(findmnt --noheadings --output SOURCE,FSTYPE,OPTIONS /)"
echo "cmdline=$(cat /proc/cmdline)"
echo "slot=$(cat /run/caisson/slot)"
echo "partition=$(sed -n 's/^PARTNAME=//p' "/sys/dev/block/$(mountpoint --fs-devno /)/uevent")"
echo "verity=$(caisson verity | tr '\\n' ' ')"
echo "usr=$(touch /usr/caisson-was-here 2>&1)"
echo "remount=$(mount -o remount,rw / 2>&1 && touch /usr/caisson-was-here 2>&1)"
for each in /etc /home /root /var; do
  echo "overlay$each=$(findmnt --noheadings --output FSTYPE $each) $(touch $each/written && echo writable)"
done
echo "store=$(findmnt --noheadings --output OPTIONS /var/.eflow/overlays)"
echo "hidden=$(ls /var/.eflow/overlays | tr '\\n' ' ')"
echo "logs=$(findmnt --noheadings --output FSTYPE,OPTIONS /logs)"
echo "state=$(systemctl is-system-running --wait)"
echo "failed=$(systemctl list-units --failed --plain --no-legend | tr '\\n' ';')"
echo "target=$(systemctl is-active multi-user.target)"
echo "kernel=$(uname -r)"
echo "listen=$(ss --listening --tcp --numeric --no-header | awk '{print $4}' | grep -v '^127\\.\\|^\\[::1\\]' | tr '\\n' ' ')"
echo "image=$(. /etc/os-release; echo $IMAGE_ID $IMAGE_VERSION)"
echo "machine=$(wc -c </etc/machine-id)"
echo "passwords=$(grep -c '^[^:]*:\\$' /etc/shadow)"
`;

/** Processes that work on the folder of the machine. */
const left = (): string[] =>
  readdirSync('/proc').flatMap(pid => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(`${folder}/`) ? [line] : [];
    } catch {
      return []; // no process, or one that has ended
    }
  });

let before: string;
let machine: GuestMachine;
let facts: Record<string, string>;
beforeAll(async () => {
  before = await digest(image);
  await makeKeys(place, ['mate']);
  machine = await startSeeded(place, { image, cache: own.cache });
  facts = await factsOf(machine, SCRIPT);
});
afterAll(async () => {
  await machine.kill();
  await rm(folder, { recursive: true, force: true });
});

describe('eflow.vhdx', () => {
  it('boots through the selector into slot A, to multi-user', () => {
    expect(machine.console.some(line => line.includes('caisson: slot A'))).toBe(true);
    expect(facts).toMatchObject({ slot: 'A', partition: 'RootFSA', target: 'active', state: 'running', failed: '' });
    expect(facts.cmdline).toContain('caisson.slot=A rauc.slot=A');
  });

  it('says on the console how it is reached, and asks nobody to log in there', () => {
    const ready = `caisson: ready: buoy-7 eflow ${own.record.version} slot A, ssh admin@`;
    expect(machine.console.some(line => line.includes(ready))).toBe(true);
    expect(machine.console.some(line => /login:/.test(line))).toBe(false);
  });

  it('has its root unverified, as the definition says, and read-only', () => {
    // The kernel may call either of two disks sda.
    expect(facts.root).toMatch(/^\/dev\/sd[ab]3 erofs ro,/);
    expect(facts.verity).toBe('now: off at the next boot: off');
    expect(facts.cmdline).toContain(`caisson.roothash=${own.record.rootHash}`);
  });

  it('refuses every write to /usr, remounted or not', () => {
    expect(facts.usr).toMatch(/Read-only file system$/);
    expect(facts.remount).toMatch(/write-protected/);
  });

  it.each(['/etc', '/home', '/root', '/var'])('has a writable overlay on %s', name => {
    expect(facts[`overlay${name}`]).toBe('overlay writable');
  });

  it('shows the store of the overlays read-only', () => {
    expect(facts.store).toMatch(/^ro,/);
    expect(facts.hidden).toBe('etc home root var');
  });

  it('has Log at /logs with the flags of the layout', () => {
    expect(facts.logs).toMatch(/^ext4 rw,nosuid,nodev,noexec/);
  });

  it('runs the kernel and the version of build.json', () => {
    expect(facts.kernel).toBe((own.record as unknown as { kernel: string }).kernel);
    expect(facts.image).toBe(`eflow ${own.record.version}`);
    expect(facts.machine).toBe('33');
  });

  it('listens on nothing but SSH, and no account has a password', () => {
    // ss tells [::] by inet_diag, whose module is barred; from /proc it reads *.
    expect(new Set(facts.listen?.split(' '))).toEqual(new Set(['0.0.0.0:22', '*:22']));
    expect(facts.passwords).toBe('0');
  });
});

describe('the first boot', () => {
  it('is measured in parts', () => {
    const { kernel, init, ready } = machine.bootTimes;
    expect(machine.boots).toBe(1);
    expect(machine.bootSeconds).toBe(ready);
    expect([0, kernel, init, ready]).toEqual([0, kernel, init, ready].toSorted((a, b) => Number(a) - Number(b)));
  });

  it('told the host keys that the guest has', async () => {
    const { stdout } = await machine.sh('cat /var/lib/caisson/identity/ssh_host_*_key.pub');
    const keys = stdout
      .trim()
      .split('\n')
      .map(line => line.split(' ').slice(0, 2).join(' '));
    expect(machine.hostKeys.toSorted()).toEqual(keys.toSorted());
    expect(keys.length).toBeGreaterThan(0);
  });
});

describe('a script', () => {
  it('runs as root, with nothing to read, and its end is told', async () => {
    expect(await machine.sh('id -u; cat; echo why >&2; exit 9')).toEqual({
      exitCode: 9,
      stdout: '0\n',
      stderr: 'why\n',
    });
  });

  it('may end as ssh does when it fails', async () => {
    expect(await machine.sh('exit 255')).toMatchObject({ exitCode: 255 });
  });

  it('may print much', async () => {
    const { stdout } = await machine.sh('head -c 2000000 /dev/zero | tr "\\0" x');
    expect(stdout).toHaveLength(2_000_000);
  });

  it('that takes too long is given up, and the next one runs', async () => {
    await expect(machine.sh('sleep 600', { limitSeconds: 1 })).rejects.toThrow('did not end within 1 s');
    expect(await machine.sh('echo here')).toMatchObject({ stdout: 'here\n' });
  });
});

describe('from outside', () => {
  it('is told why there is none, or the guest answers there', async context => {
    if (machine.outside === null) {
      expect(machine.noOutside).toMatch(/tun|unshare/);
      return context.skip(machine.noOutside);
    }
    const { outside } = machine;
    const source = await outside.take();
    const attempt = { user: 'admin', key: at('mate'), certificate: null, command: 'id -un', extra: [] };
    expect(await outside.ssh({ ...attempt, source: source.v4 })).toMatchObject({ exitCode: 0, stdout: 'admin\n' });
    expect(await outside.ssh({ ...attempt, source: source.v6 })).toMatchObject({ exitCode: 0, stdout: 'admin\n' });
    const refused = await outside.ssh({ ...attempt, source: source.v6, key: null });
    expect(refused).toMatchObject({ exitCode: 255, stderr: expect.stringContaining('Permission denied') as string });
    for (const [from, target] of [
      [source.v4, outside.guest4],
      [source.v6, outside.guest6],
    ] as const)
      expect(await outside.tcp({ source: from, target, port: 22, seconds: 10 })).toBe('open');
  });
});

it('killed, it leaves no process, and the image as it was', async () => {
  await machine.kill();
  await expect.poll(left, { timeout: 5000, interval: 20 }).toEqual([]);
  expect(await digest(image)).toBe(before);
  await expect(machine.waitForLine(/never/, { from: 0, limitSeconds: 60 })).rejects.toThrow(/ended|off/);
});
