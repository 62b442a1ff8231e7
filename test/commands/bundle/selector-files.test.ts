import { expect, test } from 'vitest';
import { haveSameFiles } from '../../../pipeline/commands/bundle/selector-files.ts';
import { readFatLayout } from '../../../pipeline/formats/fat-files.ts';
import { made, poke, spyOn } from '../../formats/made.ts';

/** A selector's partition, with one byte changed: of the serial number, or of a file. */
async function changed(where: string): Promise<Uint8Array> {
  const bytes = made('esp');
  const { files } = await readFatLayout(spyOn(bytes).read);
  const at = where === 'serial' ? 39 : files.find(({ path }) => path === where)?.extents[0]?.start;
  if (at === undefined) throw new Error(`no ${where}`);
  return poke(bytes, { at, value: (bytes[at] ?? 0) ^ 0xff, width: 1 });
}
const same = async (other: Uint8Array): Promise<boolean> => haveSameFiles(spyOn(made('esp')).read, spyOn(other).read);

test('another serial number and another state are the same selector', async () => {
  expect(await same(made('esp'))).toBe(true);
  expect(await same(await changed('serial'))).toBe(true);
  expect(await same(await changed('/EFI/CAISSON/GRUBENV'))).toBe(true);
});

test.each(['/EFI/BOOT/BOOTX64.EFI', '/EFI/BOOT/GRUBX64.EFI'])('another %s is another one', async path =>
  expect(await same(await changed(path))).toBe(false),
);

test('other files, and what nobody can read, are another one', async () => {
  expect(await same(made('fat16'))).toBe(false);
  const empty = spyOn(new Uint8Array(4096)).read;
  expect(await haveSameFiles(empty, empty)).toBe(false);
});
