/** Updates of a real machine to a real next version, and power cuts: on paper by what it wrote, and some for real. */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeCutDisk } from '../../pipeline/commands/prove/powercut/cut-disk.ts';
import { losePower, type PowerLoss } from '../../pipeline/commands/prove/powercut/lose-power.ts';
import { cutCampaign } from '../../pipeline/commands/prove/powercut/powercut.ts';
import { withFile } from '../../pipeline/commands/read-file.ts';
import { recordWrites, type Recording } from '../../pipeline/commands/prove/powercut/record-writes.ts';
import { writePowercuts } from '../../pipeline/commands/prove/reports.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import type { GuestMachine, MachineRequest, Ran } from '../../pipeline/engine/machine/guest-machine.ts';
import { launchMachine, startMachine, type StartOptions } from '../../pipeline/engine/machine/start.ts';
import type { Powercuts } from '../../pipeline/formats/powercut.ts';
import { readWriteLog } from '../../pipeline/formats/write-log.ts';
import { stateAfter } from '../../pipeline/powercut/states.ts';
import { drawPowercuts } from '../../pipeline/report/powercut.ts';
import { seededNumbers } from '../../pipeline/tamper/random.ts';
import { commandContext } from '../commands/context.ts';
import { factsOf, seededRequest, startOptions } from '../support/guest.ts';
import { nextVersion, type NextVersion } from '../support/next-version.ts';
import { makeKeys, workplace } from '../support/provisioned.ts';

const builds = inject('builds');
const { own, tools } = builds;
const place = workplace(builds, 'powercut');
const { folder, at } = place;
const image = path.join(own.out, 'eflow.vhdx');
/** Folder for the report of `make prove-all`. */
const kept = process.env.CAISSON_PROVE_ALL;
const [CUTS, BOOTS, KILLS] = kept === undefined ? [40, 1, 0] : [200, 6, 6];
const HANGS: [string, string][] =
  kept === undefined
    ? []
    : [
        ['panics', 'echo c >/proc/sysrq-trigger'],
        ['loses PID 1 to a crash', 'kill -SEGV 1'],
        ['has a PID 1 that does nothing more', 'echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze'],
      ];
const MARK = 'kept whenever the power goes\n';
/** What the next version has newer files for; of the second its layout says `take-new`. Older than the image, by its time. */
const [KEPT, TAKEN] = ['/etc/login.defs', '/etc/chrony/chrony.conf'];
const CHANGED = `
printf '${MARK.replace('\n', '\\n')}' >/var/lib/mark
for each in ${KEPT} ${TAKEN}; do echo '# word 7351' >>"$each"; touch -d 2020-02-02 "$each"; done
sync`;
const FACTS = `
echo "slot=$(cat /run/caisson/slot)"
echo "version=$(. /usr/lib/os-release; echo $IMAGE_VERSION)"
echo "mark=$(cat /var/lib/mark)"
echo "health=$(caisson health)"
echo "order=$(/usr/lib/caisson/grubenv get | sed -n s/^ORDER=//p)"
echo "state=$(systemctl is-system-running --wait)"
for each in ${KEPT} ${TAKEN}; do echo "$each=$(grep -c 'word 7351' "$each")"; done
echo "aside=$(caisson overlay-report | grep 'set aside')"
`;

let next: NextVersion;
let options: StartOptions;
let request: MachineRequest;
let recording: Recording;
let delta: { ran: Ran; facts: Record<string, string> };
let found: Powercuts;
let loss: PowerLoss;
beforeAll(async () => {
  await makeKeys(place, ['mate']);
  options = await startOptions(own.cache);
  // Each machine listens to it until the end.
  setMaxListeners(0, options.signal);
  next = await nextVersion(builds, place, ['layout.overlays.atUpdate=[{ path: /etc/chrony, policy: take-new }]']);
  const seeded = await seededRequest(place, { image });
  request = { ...seeded, otherDisks: [...seeded.otherDisks, next.disk] };
  const machine = await startMachine({ ...request, logWrites: true }, options);
  try {
    await mustRun(machine.sh(`caisson health && ${next.mount} && ${CHANGED}`));
    const script = `rauc install ${next.full}`;
    recording = await recordWrites(machine, { scratch: request.scratch, script, limitSeconds: 300 });
    await mustRun(Promise.resolve(recording.ran));
    delta = await installDelta(machine);
    loss = await losePower(machine, {
      script,
      withinSeconds: 6,
      seed: 11,
      signal: options.signal,
      restart: async () => startMachine(request, options),
    });
  } catch (error) {
    await machine.kill();
    throw error;
  }
  found = await campaign();
  if (kept !== undefined) await keepReport(kept);
}, 1_200_000);
afterAll(async () => {
  await loss.machine.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Into the slot that holds it already, of which some MiB are taken first. */
async function installDelta(machine: GuestMachine): Promise<typeof delta> {
  await mustRun(machine.sh('dd if=/dev/zero of=/dev/caisson/RootFSB bs=1M count=8 conv=notrunc,fsync'));
  const ran = await machine.sh(`caisson update ${next.delta}`, { limitSeconds: 300 });
  const { root, boot } = next.images;
  const facts = await factsOf(
    machine,
    `echo "root=$(head -c ${root.bytes} /dev/caisson/RootFSB | sha256sum | cut -d' ' -f1)"
echo "boot=$(head -c ${boot.bytes} /dev/caisson/BootB | sha256sum | cut -d' ' -f1)"`,
  );
  return { ran, facts };
}

async function campaign(): Promise<Powercuts> {
  const scratch = at('file-systems');
  await mkdir(scratch);
  const sha256 = createHash('sha256').update(MARK).digest('hex');
  return cutCampaign(commandContext(own.project, { environment: options.environment }), {
    ...recording,
    image,
    count: CUTS,
    seed: 5,
    // Its file system has another serial number in each version.
    selector: 'updated',
    expected: next.images,
    kept: [{ partition: 'Data', path: '/.eflow/overlays/var/upper/lib/mark', sha256 }],
    tools,
    scratch,
  });
}

async function mustRun(running: Promise<Ran>): Promise<void> {
  const { exitCode, stdout, stderr } = await running;
  if (exitCode !== 0) throw new Error(`a script ended with ${exitCode}: ${stdout}${stderr}`);
}

async function keepReport(target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await writePowercuts(found, { place: path.join(target, 'eflow.prove'), emit: () => undefined });
}

/** One of the two versions, whole, in the slot that the state says, and with what was on Data. */
function isOneOfTwo(facts: Record<string, string>): void {
  expect(facts).toMatchObject({ mark: MARK.trim(), state: 'running' });
  expect(facts.health).toContain('health: good');
  expect(facts.slot).toBe(facts.order?.split(' ')[0]);
  expect(facts.version).toBe(facts.slot === 'A' ? own.record.version : next.version);
}

describe('an update', () => {
  it('leaves one version whole and a state that starts it, whenever the power goes', () => {
    expect(found.failures).toEqual([]);
    expect(found.kinds.reduce((sum, { cuts }) => sum + cuts, 0)).toBe(CUTS);
    for (const { cuts } of found.kinds) expect(cuts).toBeGreaterThan(0);
    const [old, fresh] = (['old', 'new'] as const).map(each => found.kinds.reduce((sum, kind) => sum + kind[each], 0));
    expect([(old ?? 0) > 0, (fresh ?? 0) > 0]).toEqual([true, true]);
  });

  it('never writes to the slot that runs', () => {
    expect(found).toMatchObject({ active: 'A', passed: true, strays: [] });
    expect(found.writes).toBeGreaterThan(100);
    expect(found.flushes).toBeGreaterThan(10);
  });

  it('leaves Log and Data that the initrd’s check makes sound, and what was on them', () => {
    expect(found.checks.map(({ partition, failed }) => [partition, failed])).toEqual([
      ['Log', 0],
      ['Data', 0],
    ]);
    for (const { states } of found.checks) expect(states).toBeGreaterThan(1);
  });

  it('is told in one line', () => {
    expect(drawPowercuts(found, { width: null, color: false })).toContain(
      `${CUTS} power cuts in ${found.writes} writes`,
    );
  });

  it('made of differences, gives the slot the same bytes', () => {
    expect([delta.ran.exitCode, delta.ran.stderr]).toEqual([0, '']);
    expect(delta.ran.stdout).toContain('caisson: installed in slot B; reboot to try it');
    expect(delta.facts).toEqual({ root: next.images.root.sha256, boot: next.images.boot.sha256 });
  });
});

describe('for real', () => {
  it('killed while it installs, it starts a version that is whole, with what was on Data', async () => {
    isOneOfTwo(await factsOf(loss.machine, FACTS));
  });

  it('the next version comes up, and what becomes of changed files is as its layout says', async () => {
    const { machine } = loss;
    if ((await factsOf(machine, FACTS)).slot === 'A') {
      await mustRun(machine.sh(`${next.mount} && rauc install ${next.full}`, { limitSeconds: 300 }));
      await machine.reboot();
    }
    const facts = await factsOf(machine, FACTS);
    isOneOfTwo(facts);
    expect(facts).toMatchObject({ slot: 'B', version: next.version, [KEPT]: '1', [TAKEN]: '0' });
    expect(facts.aside).toContain(`${TAKEN}, now `);
  });

  it.each(HANGS)('it restarts by itself when it %s', async (_, script) => {
    const { machine } = loss;
    const from = machine.console.length;
    // There is no answer.
    machine.sh(script).catch(() => undefined);
    const ready = /\bcaisson: ready: .* slot B\b/;
    await machine.waitForLine(ready, { from, limitSeconds: 500 });
    await machine.connect(machine.console.findLastIndex(line => ready.test(line)));
    isOneOfTwo(await factsOf(machine, FACTS));
  });

  const numbers = seededNumbers(23, 'boots');
  it.each(Array.from({ length: BOOTS }, () => numbers(1_000_000) / 1_000_000))(
    'from the disk after %f of the writes it starts one of the two',
    async share => {
      const entries = recording.from + Math.floor(share * (recording.to - recording.from));
      const target = at(`cut-${entries}.raw`);
      await withImage(image, async disk =>
        withFile(recording.log, async (log, size) => {
          const pieces = stateAfter((await readWriteLog(log, size)).entries, entries);
          await writeCutDisk(disk, { pieces, log, target, signal: options.signal });
        }),
      );
      const cut = { ...request.image, path: target, format: 'raw' } as const;
      const machine = await startMachine(
        { ...request, image: cut, otherDisks: [], scratch: at(`cut-${entries}`) },
        options,
      );
      try {
        isOneOfTwo(await factsOf(machine, FACTS));
      } finally {
        await machine.kill();
      }
    },
  );

  // The kernel starts after some seconds, the health check marks its slot after half a minute.
  it.each(Array.from({ length: KILLS }, () => numbers(45_000)))(
    'killed %d ms after its first start, it comes up as if it had not been',
    async milliseconds => {
      const first = { ...request, scratch: at(`first-${milliseconds}`) };
      const machine = await launchMachine(first, options);
      await delay(milliseconds);
      await machine.cutPower();
      const again = await startMachine(first, options);
      try {
        const facts = await factsOf(again, FACTS);
        expect(facts).toMatchObject({ slot: 'A', version: own.record.version, order: 'A B', state: 'running' });
        expect(facts.health).toContain('health: good');
      } finally {
        await again.kill();
      }
    },
  );
});
