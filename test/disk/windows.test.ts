import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readWindows, WINDOW } from '../../pipeline/disk/windows.ts';
import type { DiskMap } from '../../pipeline/formats/disk-map.ts';
import { openFiles, scratchDirectory } from './scratch.ts';

const directory = scratchDirectory();
const [near, far] = [join(directory, 'near'), join(directory, 'far')];
writeFileSync(near, 'kelp');
writeFileSync(far, 'surf');

const map: DiskMap = {
  size: 2 ** 41,
  logicalSectorSize: 512,
  physicalSectorSize: 4096,
  extents: [
    { start: 7, length: 4, file: near, offset: 0 },
    { start: 2 ** 40 - 2, length: 4, file: far, offset: 0 },
  ],
};

describe('readWindows', () => {
  it('gives the windows that hold data, zeros around it, and skips the rest', () => {
    const seen = [];
    for (const { start, bytes, done } of readWindows(map, new AbortController().signal)) {
      const text = Buffer.from(bytes).toString('latin1');
      seen.push({ start, length: bytes.length, done, text: text.replaceAll('\0', ''), at: text.search(/[^\0]/) });
    }
    expect(seen).toEqual([
      { start: 0, length: WINDOW, done: 4, text: 'kelp', at: 7 },
      { start: 2 ** 40 - WINDOW, length: WINDOW, done: 6, text: 'su', at: WINDOW - 2 },
      { start: 2 ** 40, length: WINDOW, done: 8, text: 'rf', at: 0 },
    ]);
  });

  it('closes its files when its reader stops early', () => {
    const windows = readWindows(map, new AbortController().signal);
    windows.next();
    expect(openFiles(directory)).not.toEqual([]);
    windows.return();
    expect(openFiles(directory)).toEqual([]);
  });

  it('reads nothing once told to stop', () => {
    const windows = readWindows(map, AbortSignal.abort(new Error('enough')));
    expect(() => windows.next()).toThrow('enough');
    expect(openFiles(directory)).toEqual([]);
  });
});
