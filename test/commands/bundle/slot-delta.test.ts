import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { slotDelta } from '../../../pipeline/commands/bundle/slot-delta.ts';
import { encodeSlotDelta } from '../../../pipeline/formats/slot-delta.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();
const MIB = 2 ** 20;

function image(name: string, bytes: Buffer) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** No two blocks are alike. */
function noise(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 4) buffer.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, at);
  return buffer;
}

test('a header, and what was made of each segment and of its part of the base, in order', async () => {
  const old = noise(17 * MIB);
  const young = Buffer.concat([Buffer.from('a deck'.padEnd(4096)), old.subarray(0, 4 * MIB), Buffer.from('a keel')]);
  const [base, result] = [image('old', old), image('young', young)];
  const work = join(folder, 'work');
  mkdirSync(work);
  const seen: { args: readonly string[]; base: Buffer; result: Buffer }[] = [];
  const progress: (number | null)[] = [];
  await slotDelta({ base, result }, join(folder, 'made'), {
    work,
    signal: new AbortController().signal,
    progress: fraction => void progress.push(fraction),
    run: async (program, args) => {
      expect(program).toBe('xdelta3');
      const part = (index: number): string => (args.at(index) ?? '').replace('/mnt/work', work);
      seen.push({ args, base: readFileSync(part(-3)), result: readFileSync(part(-2)) });
      writeFileSync(part(-1), `difference ${seen.length}`);
      return '';
    },
  });
  expect(seen.map(each => each.args.slice(0, -3).join(' '))).toEqual(
    Array.from({ length: 2 }, () => '-e -f -9 -S lzma -A -B 16777216 -W 8388608 -s'),
  );
  expect(Buffer.concat(seen.map(each => each.result)).equals(young)).toBe(true);
  expect(seen[0]?.base.equals(old.subarray(0, 12 * MIB))).toBe(true);
  const header = encodeSlotDelta({
    base,
    result,
    segments: [
      { bytes: 4 * MIB, base: { at: 0, bytes: 12 * MIB }, delta: 12 },
      { bytes: 4102, base: { at: 0, bytes: 12 * MIB }, delta: 12 },
    ],
  });
  expect(
    readFileSync(join(folder, 'made')).equals(Buffer.concat([header, Buffer.from('difference 1difference 2')])),
  ).toBe(true);
  expect(progress.at(-1)).toBe(1);
  expect(readdirSync(work)).not.toContain('deltas');
});
