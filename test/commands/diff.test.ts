import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageFault } from '../../pipeline/commands/context.ts';
import { diff, type DiffOptions } from '../../pipeline/commands/diff.ts';
import { buildRecordIn } from '../../pipeline/commands/diff/record.ts';
import { ConfigFault } from '../../pipeline/config/diagnostic.ts';
import { lockText, type Lock } from '../../pipeline/config/lock.ts';
import type { Difference } from '../../pipeline/formats/difference.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { commandContext } from './context.ts';

const folder = scratchDirectory();

/** The lock of the image galleon in a folder of its own; `versions` of the packages of its manifest `hull`. */
function lockIn(place: string, versions: Record<string, string>): string {
  const file = join(folder, place, 'galleon.lock.yaml');
  mkdirSync(join(folder, place), { recursive: true });
  const packages = Object.entries(versions).map(([name, version]) => ({
    name,
    version,
    architecture: 'amd64',
    path: `pool/${name}_${version}.deb`,
    bytes: 7,
    sha256: 'ab'.repeat(32),
  }));
  const hull = {
    architecture: 'amd64',
    suite: 'trixie',
    question: 'cd'.repeat(32),
    asks: ['oak'],
    sources: [],
    packages,
  };
  const lock: Lock = { image: 'galleon', file, manifests: { hull } };
  writeFileSync(file, lockText(lock));
  return file;
}

const options = (own: Partial<DiffOptions>): DiffOptions => ({
  old: lockIn('old', { oak: '1.0', tar: '3' }),
  new: lockIn('new', { oak: '1.1', tar: '3' }),
  out: join(folder, 'out'),
  markdown: null,
  html: null,
  exitCode: false,
  ...own,
});

describe('lock files', () => {
  test('packages alone, for programs', async () => {
    const context = commandContext(folder, { json: true });
    expect(await diff(context, options({}))).toBe(0);
    const found = JSON.parse(context.printed) as Difference;
    expect(found).toMatchObject({ kind: 'locks', same: false, image: null });
    expect(found.packages).toEqual([{ name: 'oak', manifests: ['hull'], old: '1.0', new: '1.1' }]);
  });

  test('Markdown on stdout, a page in a new file, and an exit code for who asks', async () => {
    const context = commandContext(folder);
    const html = join(folder, 'diff.html');
    expect(await diff(context, options({ markdown: '-', html, exitCode: true }))).toBe(1);
    expect(context.printed).toContain('| changed | `oak` | `1.0` | `1.1` | `hull` |\n');
    expect(readFileSync(html, 'utf8')).toContain('<code>1.1</code>');
    await expect(diff(context, options({ html }))).rejects.toThrow(/diff\.html is there already$/);
  });

  test('the same lock is the same', async () => {
    const context = commandContext(folder);
    const same = lockIn('same', { oak: '1.0' });
    expect(await diff(context, options({ old: same, new: same, exitCode: true }))).toBe(0);
    expect(context.printed).toMatch(/\n\nThey are the same\.\n$/);
  });

  test.each([
    ['one file for both', 'both.html', './both.html', /are both .*both\.html$/],
    ['a page on stdout', '-', null, /^--html - /],
  ])('%s: refused before anything is written', async (_, html, markdown, message) => {
    const here = (file: string | null): string | null => (file === null || file === '-' ? file : `${folder}/${file}`);
    const asked = diff(commandContext(folder), options({ html: here(html), markdown: here(markdown) }));
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.toBeInstanceOf(UsageFault);
    expect(existsSync(join(folder, html))).toBe(false);
  });

  test('half of one is no lock', async () => {
    const torn = lockIn('torn', { oak: '1.0' });
    writeFileSync(torn, readFileSync(torn, 'utf8').slice(0, 150));
    await expect(diff(commandContext(folder), options({ old: torn }))).rejects.toBeInstanceOf(ConfigFault);
  });
});

test('two kinds, and what is not there, are refused before anything is read', async () => {
  const image = join(folder, 'galleon.vhdx');
  writeFileSync(image, 'not looked at');
  const refused = async (own: Partial<DiffOptions>): Promise<unknown> =>
    diff(commandContext(folder), options(own)).catch((error: unknown) => error);
  expect(await refused({ new: image })).toEqual(
    new UsageFault(
      `${options({}).old} is a lock file, ${image} is an image`,
      'name two images or releases, or two lock files',
    ),
  );
  expect(await refused({ new: join(folder, 'away.lock.yaml') })).toBeInstanceOf(UsageFault);
  expect(await refused({ new: join(folder, 'old') })).toMatchObject({
    message: expect.stringMatching(/^no release in /) as string,
  });
  await expect(diff(commandContext(folder, { json: true }), options({ markdown: '-' }))).rejects.toThrow(
    /both want stdout/,
  );
  expect(await refused({ markdown: image })).toMatchObject({ message: `${image} is there already` });
});

describe('buildRecordIn', () => {
  test.each<[string, unknown, unknown]>([
    [
      'what diff reads of it',
      { image: 'sloop', rootHash: 'aa', packages: { hull: [{ name: 'oak', version: '1', more: 1 }] } },
      { image: 'sloop', rootHash: 'aa', packages: { hull: [{ name: 'oak', version: '1', architecture: '' }] } },
    ],
    ['no root hash', { image: 'sloop', packages: {} }, { image: 'sloop', rootHash: null, packages: {} }],
    ['a name that leads elsewhere', { image: '../sloop', packages: {} }, null],
    ['no packages', { image: 'sloop' }, null],
    ['packages that are none', { image: 'sloop', packages: { hull: 7 } }, null],
    ['something else', 7, null],
    ['nothing', null, null],
  ])('%s', async (_, value, expected) => {
    writeFileSync(join(folder, 'build.json'), JSON.stringify(value));
    expect(await buildRecordIn(folder)).toEqual(expected);
  });
});
