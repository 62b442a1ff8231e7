import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SELECTOR_SERIAL, SERIAL_OFFSET } from '../../../../pipeline/claims/update-selector.ts';
import {
  copiesOf,
  damagedRoot,
  denseFile,
  largerThan,
  otherSelector,
  turnBit,
} from '../../../../pipeline/commands/prove/bundles/payload.ts';
import { withImage } from '../../../../pipeline/disk/read.ts';
import { DISK } from '../../../claims/disk.ts';
import { scratchDirectory } from '../../../disk/scratch.ts';

const scratch = scratchDirectory();
const at = (name: string): string => path.join(scratch, name);
const MIB = 2 ** 20;

describe('copies of partitions', () => {
  it('end behind their last byte, at a block; one without any is a block long', async () => {
    const disk = Buffer.alloc(6 * MIB);
    disk.fill(7, 2 * MIB, 2 * MIB + 5000);
    await writeFile(at('disk.raw'), disk);
    const partitions = {
      hull: { name: 'HullA', start: 2 * MIB, end: 5 * MIB },
      keel: { name: 'KeelA', start: 5 * MIB, end: 6 * MIB },
    };
    const signal = new AbortController().signal;
    const files = await withImage(at('disk.raw'), async image => copiesOf(image, partitions, { scratch, signal }));
    expect((await readFile(files.hull ?? '')).equals(disk.subarray(2 * MIB, 2 * MIB + 8192))).toBe(true);
    expect((await readFile(files.keel ?? '')).equals(Buffer.alloc(4096))).toBe(true);
  });
});

describe('what is wrong with them', () => {
  it('a root without a beginning, and without what could correct it', async () => {
    const { data, fec } = DISK.roots.find(each => each.slot === 'A') ?? {
      data: { start: 0 },
      fec: { start: 0, end: 0 },
    };
    const bytes = Buffer.alloc(fec.end - data.start, 1);
    await writeFile(at('root'), bytes);
    const damaged = await readFile(await damagedRoot(at('root'), DISK));
    expect(damaged).toHaveLength(bytes.length);
    expect(damaged.subarray(0, 4096).every(byte => byte === 0xa5)).toBe(true);
    expect(damaged.subarray(fec.start - data.start).every(byte => byte === 0xa5)).toBe(true);
    expect(damaged.subarray(4096, fec.start - data.start).every(byte => byte === 1)).toBe(true);
    expect((await readFile(at('root'))).equals(bytes)).toBe(true);
  });

  it('a selector with another serial number, and nothing else', async () => {
    await writeFile(at('fat'), Buffer.alloc(600, 3));
    const other = await readFile(await otherSelector(at('fat')));
    expect(other.subarray(SERIAL_OFFSET, SERIAL_OFFSET + 4).equals(SELECTOR_SERIAL)).toBe(true);
    expect(other.filter(byte => byte !== 3)).toHaveLength(4);
  });

  it('a file of a block more than its partition', async () => {
    const file = await largerThan({ name: 'KeelA', start: 5 * MIB, end: 6 * MIB }, scratch);
    expect((await stat(file)).size).toBe(MIB + 4096);
  });

  it('one turned bit', async () => {
    const file = await denseFile(scratch, 4096);
    const before = await readFile(file);
    await turnBit(file, 2000);
    const after = await readFile(file);
    expect(after[2000]).toBe((before[2000] ?? 0) ^ 1);
    after[2000] = before[2000] ?? 0;
    expect(after.equals(before)).toBe(true);
  });
});
