import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { patchImage } from '../../pipeline/disk/patch.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import { scratchDirectory } from './scratch.ts';

const MIB = 2 ** 20;
const directory = scratchDirectory();
/** See read.test.ts: blocks of 2 MiB, data at 0 and at 9 MiB. */
const qemuFile = gunzipSync(readFileSync(new URL('./qemu-7.2.vhdx.gz', import.meta.url)));

function copy(name: string, content: Uint8Array): string {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
}

const patch = async (path: string, start: number, text: string): Promise<void> =>
  withImage(path, async image => patchImage(path, image, [{ start, bytes: Buffer.from(text) }]));

describe('a VHDX', () => {
  it('changes where it was told to, and gets new write GUIDs in both headers', async () => {
    const path = copy('a.vhdx', qemuFile);
    const before = await withImage(path, async ({ vhdx }) => vhdx?.header);
    await patch(path, 9 * MIB + 5, 'KELP');
    await withImage(path, async image => {
      expect(Buffer.from(await image.read(9 * MIB, 13)).toString()).toBe('kelp KELP MiB');
      expect(image.vhdx?.faults).toEqual([]);
      expect(image.vhdx?.header).toMatchObject({
        sequenceNumber: (before?.sequenceNumber ?? 0) + 2,
        start: before?.start,
      });
      expect(image.vhdx?.header.fileWriteGuid).not.toBe(before?.fileWriteGuid);
      expect(image.vhdx?.header.dataWriteGuid).not.toBe(before?.dataWriteGuid);
      expect(image.vhdx?.header).toMatchObject({ logStart: before?.logStart, logLength: before?.logLength });
    });
    const expected = Buffer.from(qemuFile);
    expected.write('KELP', expected.indexOf('kelp at 9 MiB') + 5);
    const [found, wanted] = [readFileSync(path), expected].map(each => each.fill(0, 64 * 1024, 132 * 1024));
    expect(found?.equals(wanted ?? Buffer.alloc(0))).toBe(true);
  });

  it.each([
    ['in a block that the file does not have', 5 * MIB],
    ['across two blocks', 2 * MIB - 2],
    ['behind the disk', 20 * MIB - 2],
  ])('refuses bytes %s, and stays as it was', async (_, start) => {
    const path = copy('b.vhdx', qemuFile);
    await expect(patch(path, start, 'kelp')).rejects.toThrow(`no place for [${start}, ${start + 4})`);
    expect(readFileSync(path).equals(qemuFile)).toBe(true);
  });
});

it('a raw disk changes at that offset alone', async () => {
  const path = copy('a.raw', Buffer.alloc(2048, 'a'));
  await patch(path, 700, 'kelp');
  const expected = Buffer.alloc(2048, 'a');
  expected.write('kelp', 700);
  expect(readFileSync(path).equals(expected)).toBe(true);
});
