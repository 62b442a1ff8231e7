import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { UsageFault } from '../../../pipeline/commands/context.ts';
import { earlierBundles } from '../../../pipeline/commands/release/earlier.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();

/** A release folder with these files. */
function release(name: string, ...files: string[]): string {
  const place = path.join(folder, name);
  mkdirSync(place, { recursive: true });
  for (const file of files) writeFileSync(path.join(place, file), file);
  return place;
}

test('the full bundle of a folder, beside differences and bundles of other images; or the bundle itself', async () => {
  const place = release('7.2', 'galleon-7.2.raucb', 'galleon-7.2-from-7.1.raucb', 'skiff-7.2.raucb', 'galleon.vhdx');
  const bundle = path.join(place, 'galleon-7.2.raucb');
  expect(await earlierBundles('galleon', [place])).toEqual([bundle]);
  expect(await earlierBundles('galleon', [bundle])).toEqual([bundle]);
  expect(await earlierBundles('galleon', [])).toEqual([]);
});

test.each([
  ['what is not there', () => [path.join(folder, 'gone')], 'there is no earlier release'],
  ['a folder without one', () => [release('bare', 'galleon.vhdx')], 'has 0 full bundles of galleon'],
  ['a folder with two', () => [release('two', 'galleon-1.raucb', 'galleon-2.raucb')], 'has 2 full bundles of galleon'],
  ['what is neither file nor folder', () => ['/dev/null'], '/dev/null cannot be read (ENOTDIR)'],
  [
    'one by two names',
    () => {
      const place = release('once', 'galleon-3.raucb');
      return [place, path.join(place, 'galleon-3.raucb')];
    },
    'is named twice by --from',
  ],
])('%s is refused', async (_, places, message) => {
  const refused = await earlierBundles('galleon', places()).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(UsageFault);
  expect((refused as UsageFault).message).toContain(message);
});
