import { describe, expect, it } from 'vitest';
import { countEntries, readWriteLog, type LogEntry } from '../../pipeline/formats/write-log.ts';
import { captured } from './captured.ts';
import { filled, logOf } from './logged-writes.ts';
import { poke, spyOn } from './made.ts';

const entriesOf = async (log: Uint8Array): Promise<LogEntry[]> =>
  (await readWriteLog(spyOn(log).read, log.length)).entries;
const PLAIN = { flush: false, fua: false, text: '' };
const FLUSH = { ...PLAIN, kind: 'write', start: 0, end: 0, flush: true };

describe('a log of QEMU’s', () => {
  it('is what qemu-io was told to do, in order', async () => {
    const log = captured('writes.log');
    expect(await readWriteLog(spyOn(log).read, log.length)).toEqual({
      sectorSize: 512,
      entries: [
        { ...PLAIN, kind: 'write', start: 0, end: 4096, at: 1024 },
        { ...PLAIN, kind: 'write', start: 8192, end: 8704, at: 5632 },
        { ...FLUSH, at: 6656 },
        { ...PLAIN, kind: 'write', start: 512, end: 1536, at: 7168 },
        { ...PLAIN, kind: 'write', start: 65_536, end: 73_728, at: 8704 },
        { ...PLAIN, kind: 'discard', start: 131_072, end: 196_608, at: 0 },
        { ...PLAIN, kind: 'write', start: 262_144, end: 263_680, at: 17_920 },
        { ...FLUSH, at: 19_968 },
      ],
    });
    expect(await countEntries(spyOn(log).read, log.length)).toBe(8);
  });

  it('that was not flushed yet has no superblock, and nothing in it', async () => {
    expect(await entriesOf(new Uint8Array())).toEqual([]);
    expect(await countEntries(spyOn(new Uint8Array()).read, 0)).toBe(0);
  });

  it('ends where its superblock says, whatever stands behind', async () => {
    const log = captured('writes.log');
    expect(await entriesOf(poke(log, { at: 16, value: 3, width: 4 }))).toHaveLength(3);
  });
});

describe('a log of the kernel’s', () => {
  it('has sectors of the disk, flags on writes, and marks', async () => {
    const log = logOf(
      [
        { start: 8192, bytes: filled(4096, 7), fua: true },
        { mark: 'kelp' },
        { start: 0, bytes: filled(8192, 8), flush: true },
        { start: 4096, discard: 12_288 },
      ],
      4096,
    );
    expect(await entriesOf(log)).toEqual([
      { ...PLAIN, kind: 'write', start: 8192, end: 12_288, fua: true, at: 8192 },
      { ...PLAIN, kind: 'mark', start: 0, end: 0, at: 12_320, text: 'kelp' },
      { ...PLAIN, kind: 'write', start: 0, end: 8192, flush: true, at: 20_480 },
      { ...PLAIN, kind: 'discard', start: 4096, end: 16_384, at: 0 },
    ]);
  });
});

describe('a damaged log', () => {
  const log = logOf([{ start: 512, bytes: filled(1024, 1) }, { mark: 'reef' }, 'flush']);
  const [first, mark] = [512, 2048];
  it.each([
    ['no log', { at: 0, value: 9 }, 'no signature of one'],
    ['another version', { at: 8, value: 2 }, 'version 2; 1 is known'],
    ['odd sectors', { at: 24, value: 513 }, 'sectors of 513 bytes'],
    ['tiny sectors', { at: 24, value: 256 }, 'sectors of 256 bytes'],
    ['huge sectors', { at: 24, value: 2 ** 24 }, 'sectors of 16777216 bytes'],
    ['a count beyond all files', { at: 20, value: 2 ** 30 }, '4611686018427388000 entries'],
    ['flags that nobody knows', { at: first + 16, value: 64 }, 'entry 0 has flags 0x40'],
    ['a sector beyond all disks', { at: first + 4, value: 2 ** 30 }, 'entry 0 writes 2 sectors at sector'],
    ['a mark that writes', { at: mark + 8, value: 3 }, 'entry 1 is a mark that writes 3 sectors'],
    ['a mark that never ends', { at: mark + 24, value: 2 ** 25 }, 'a mark of 33554432 bytes'],
    ['an entry longer than the file', { at: first + 8, value: 9 }, 'entry 0 ends at 5632, the file at 3072'],
  ])('%s is told', async (_, change, message) => {
    await expect(entriesOf(poke(log, { ...change, width: 4 }))).rejects.toMatchObject({
      name: 'FormatFault',
      message: expect.stringContaining(`damaged log of writes: ${message}`) as string,
    });
  });

  it.each([20, 600, 2600])('cut to %i bytes is told', async length => {
    await expect(entriesOf(log.subarray(0, length))).rejects.toMatchObject({ name: 'FormatFault' });
  });
});
