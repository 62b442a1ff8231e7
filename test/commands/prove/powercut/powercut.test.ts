/** A campaign as a whole, from files: an image, and a log of writes. e2fsck's answers are the test's. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cutCampaign, type CutCampaignOptions } from '../../../../pipeline/commands/prove/powercut/powercut.ts';
import { encodeGrubenv } from '../../../../pipeline/formats/grubenv.ts';
import type { Powercuts } from '../../../../pipeline/formats/powercut.ts';
import type { Payload } from '../../../../pipeline/powercut/slot-content.ts';
import { scratchDirectory } from '../../../disk/scratch.ts';
import { putProgram, workshop } from '../../../engine/steps.ts';
import { filled, logOf, type Logged } from '../../../formats/logged-writes.ts';
import { made } from '../../../formats/made.ts';
import { cutDisk, kernel, NEW_ROOT, STATE_AT, UPDATED, type CutDisk } from '../../../powercut/disk.ts';
import { commandContext } from '../../context.ts';

const folder = scratchDirectory();
let count = 0;

interface Update {
  disk: CutDisk;
  before: Logged[];
  update: Logged[];
}

/** Two writes of the machine's before the update; of it the kernel, the root, a flush, and the state. */
async function update(): Promise<Update> {
  const disk = await cutDisk();
  const state = encodeGrubenv(UPDATED);
  return {
    disk,
    before: [{ start: disk.at('Shells') + 8192, bytes: filled(1024, 3) }, 'flush'],
    update: [
      { start: disk.at('HullB'), bytes: await kernel(NEW_ROOT.asks) },
      { start: disk.at('SandB'), bytes: made('fec-2') },
      'flush',
      ...['ReefA', 'ReefB'].map(name => ({ start: disk.at(name) + STATE_AT, bytes: state })),
      'flush',
    ],
  };
}

async function run(
  { disk, before, update: writes }: Update,
  { fsck = 0, ...own }: Partial<CutCampaignOptions> & { fsck?: number } = {},
): Promise<Powercuts> {
  const shop = workshop(path.join(folder, `${count++}`));
  putProgram(shop, 'bwrap', `exit ${fsck}`);
  const scratch = path.join(folder, `scratch-${count}`);
  mkdirSync(scratch);
  const [image, log] = [path.join(scratch, 'reef.raw'), path.join(scratch, 'log')];
  writeFileSync(image, disk.bytes);
  writeFileSync(log, logOf([...before, ...writes]));
  return cutCampaign(commandContext(scratch, { environment: shop.environment }), {
    image,
    log,
    from: before.length,
    to: before.length + writes.length,
    count: 40,
    seed: 9,
    selector: 'kept',
    expected: null,
    kept: [],
    tools: '/trees/chest',
    scratch,
    ...own,
  });
}

test('an update that can be cut anywhere passes, and is described', async () => {
  const found = await run(await update());
  expect(found).toMatchObject({
    format: 1,
    image: 'reef.raw',
    active: 'A',
    selector: 'kept',
    seed: 9,
    from: 2,
    to: 8,
    writes: 4,
    flushes: 2,
    passed: true,
    strays: [],
    failures: [],
    checks: [{ partition: 'Shells', states: 1, failed: 0 }],
  });
  expect(found.bytes).toBe(2 ** 20 + made('fec-2').length + 2 * 1024);
  const cuts = found.kinds.reduce((sum, each) => sum + each.cuts, 0);
  expect(cuts).toBe(40);
  expect(found.kinds.reduce((sum, each) => sum + each.old + each.new, 0)).toBe(40);
});

test('one seed, one campaign', async () => {
  // Cuts that fail are told one by one.
  const failing = async (seed: number): Promise<string[]> =>
    (await run(await update(), { seed, fsck: 13 })).failures.map(({ cut }) => cut);
  expect(await failing(9)).toHaveLength(40);
  expect(await failing(9)).toEqual(await failing(9));
  expect(await failing(9)).not.toEqual(await failing(10));
});

test('a write to the slot that runs fails it, though no cut shows it', async () => {
  const own = await update();
  const start = own.disk.at('SandA') + 2 ** 20;
  const found = await run({ ...own, update: [{ start, bytes: filled(512, 0) }, ...own.update] });
  expect(found).toMatchObject({
    passed: false,
    failures: [],
    strays: [expect.stringContaining('a write to SandA of the slot that runs')],
  });
});

test('what the bundle says of the new version must be there at its end', async () => {
  const of = (bytes: Uint8Array): Payload => ({
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  // A bundle leaves out the zeros at the end of its boot partition.
  const expected = { boot: of((await kernel(NEW_ROOT.asks)).subarray(0, 65_536)), root: of(made('fec-2')) };
  expect(await run(await update(), { expected })).toMatchObject({ passed: true });
  const other = { ...expected, root: { ...expected.root, sha256: 'ab'.repeat(32) } };
  await expect(run(await update(), { expected: other })).rejects.toThrow(
    `after the update, SandB begins with ${expected.root.sha256}, not with abab`,
  );
});

test.each([
  [{ from: 5, to: 5 }, 'entries [5, 5) of a log that has 8'],
  [{ to: 9 }, 'entries [2, 9) of a log that has 8'],
  [{ to: 3 }, 'after the update, slot B: no hash tree where its kernel looks for it'],
])('%j of its log is no update', async (own, message) => {
  await expect(run(await update(), own)).rejects.toThrow(message);
});
