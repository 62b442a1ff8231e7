/** A slot made of the other one and of differences, on files that stand for partitions. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeSlotDelta } from '../../pipeline/formats/slot-delta.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { machineIn, type Machine } from './machine.ts';

const folder = scratchDirectory();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const BASE = Buffer.from(Array.from({ length: 9000 }, (_, index) => (index * 7 + (index >> 8)) % 251));
/** Longer than what any block of dd holds by chance, and not as long as one. */
const RESULT = Buffer.from(Array.from({ length: 7001 }, (_, index) => (index * 11 + (index >> 8)) % 241));
const PARTS = [
  { from: 0, to: 4096, base: { at: 0, bytes: 5000 } },
  { from: 4096, to: 6000, base: { at: 1234, bytes: 7766 } },
  { from: 6000, to: 7001, base: { at: 1, bytes: 1 } },
];
let machine: Machine;

/** A difference here: the digest of the part of the base that it wants, a line end, and the result. */
function deltaFile(own: { result?: Uint8Array; base?: Uint8Array } = {}): Buffer {
  const [base, result] = [own.base ?? BASE, own.result ?? RESULT];
  const deltas = PARTS.map(({ from, to, base: part }) =>
    Buffer.concat([
      Buffer.from(`${sha256(BASE.subarray(part.at, part.at + part.bytes))}\n`),
      RESULT.subarray(from, to),
    ]),
  );
  const header = encodeSlotDelta({
    base: { bytes: base.length, sha256: sha256(base) },
    result: { bytes: result.length, sha256: sha256(result) },
    segments: PARTS.map(({ from, to, base: part }, index) => ({
      bytes: to - from,
      base: part,
      delta: deltas[index]?.length ?? 0,
    })),
  });
  return Buffer.concat([header, ...deltas]);
}

beforeEach(async () => {
  machine = await machineIn(folder, ['apply-delta'], {
    slot_partitions: 'P|hull|HullP Q|hull|HullQ Q|keel|KeelQ',
  });
  await machine.file('run/caisson/slot', 'Q\n');
  // The partition is longer than what it holds, and the running one has something behind it too.
  await machine.file('dev/caisson/HullQ', Buffer.concat([BASE, Buffer.alloc(3000, 9)]));
  await machine.file('dev/caisson/HullP', Buffer.alloc(12_000, 0xee));
  await machine.file('hull.delta', deltaFile());
  await machine.program('blockdev', 'exit 0');
  await machine.program(
    'xdelta3',
    `[ "$1 $2 $3 $4 $5" = '-d -f -B 524288 -s' ] && [ "$(sha256sum <"$6" | cut -d' ' -f1)" = "$(head -n 1 "$7")" ] &&
  tail -c +66 "$7" >"$8"`,
  );
});

const install = async (change: Record<string, string> = {}) =>
  machine.run('apply-delta', ['slot-install'], {
    RAUC_SLOT_CLASS: 'hull',
    RAUC_SLOT_DEVICE: machine.at('dev/caisson/HullP'),
    RAUC_IMAGE_NAME: machine.at('hull.delta'),
    ...change,
  });
const slot = async (): Promise<Buffer> => readFile(machine.at('dev/caisson/HullP'));
const untouched = async (): Promise<boolean> => (await slot()).equals(Buffer.alloc(12_000, 0xee));

describe('slot-install', () => {
  it('writes the result, and nothing behind it', async () => {
    expect(await install()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect((await slot()).subarray(0, 7001).equals(RESULT)).toBe(true);
    expect((await slot()).subarray(7001).equals(Buffer.alloc(4999, 0xee))).toBe(true);
    expect(await machine.list('run/caisson')).toEqual(['slot']);
  });

  it('writes nothing when something else runs', async () => {
    await machine.file('dev/caisson/HullQ', Buffer.alloc(12_000, 5));
    const { exitCode, stderr } = await install();
    expect([exitCode, stderr]).toEqual([
      1,
      'caisson: what runs is not what the differences were made from; HullP was not written',
    ]);
    expect(await untouched()).toBe(true);
  });

  it('never writes the slot that runs', async () => {
    const before = await readFile(machine.at('dev/caisson/HullQ'));
    const { exitCode, stderr } = await install({ RAUC_SLOT_DEVICE: machine.at('dev/caisson/HullQ') });
    expect([exitCode, stderr]).toEqual([1, 'caisson: HullQ is of the slot that runs']);
    expect((await readFile(machine.at('dev/caisson/HullQ'))).equals(before)).toBe(true);
  });

  it('knows no base for what the slot that runs has not', async () => {
    const { exitCode, stderr } = await install({ RAUC_SLOT_CLASS: 'sail' });
    expect([exitCode, stderr]).toEqual([1, 'caisson: the slot that runs has no sail']);
    expect(await untouched()).toBe(true);
  });

  it('ends where a segment cannot be made', async () => {
    await machine.program('xdelta3', 'exit 1');
    expect(await install()).toMatchObject({ exitCode: 1, stderr: 'caisson: HullP cannot be written' });
    expect(await untouched()).toBe(true);
    expect(await machine.list('run/caisson')).toEqual(['slot']);
  });

  it('ends where one is shorter than it says', async () => {
    await machine.program('xdelta3', 'head -c 10 "$7" >"$8"');
    expect(await install()).toMatchObject({ exitCode: 1, stderr: 'caisson: HullP cannot be written' });
  });

  it('reads what it wrote', async () => {
    await machine.file('hull.delta', deltaFile({ result: Buffer.alloc(7001, 1) }));
    expect(await install()).toMatchObject({ exitCode: 1, stderr: 'caisson: HullP does not hold what was written' });
  });
});

describe('check', () => {
  const check = async () => machine.run('apply-delta', ['check', 'hull', machine.at('hull.delta')]);

  it('tells whether the base runs', async () => {
    expect(await check()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    await machine.file('hull.delta', deltaFile({ base: RESULT }));
    expect((await check()).exitCode).toBe(1);
    expect(await untouched()).toBe(true);
  });

  it.each([
    ['another version of the form', 'caisson-delta 2\nbase 1 a\nresult 1 a\nend 4096\n'],
    ['an image', 'hsqs\nend 4096\n'],
    ['half a header', 'caisson-delta 1\nbase 1 a\n'],
  ])('%s is not read', async (_, text) => {
    await machine.file('hull.delta', text);
    const { exitCode, stderr } = await check();
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^caisson: .*differences/)]);
  });
});
