import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mustBeFile, openRelease, releaseBytes } from '../../../pipeline/commands/verify/release-folder.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);
writeFileSync(at('galleon.lock.yaml'), 'lock');
writeFileSync(at('build.json'), '{');
mkdirSync(at('folder'));
symlinkSync('galleon.lock.yaml', at('link'));
execFileSync('mkfifo', [at('pipe')]);

test.each([
  ['nothing', /nothing is missing/],
  ['folder', /folder is no regular file/],
  ['link', /link is no regular file/],
  ['pipe', /pipe is no regular file/],
])('%s is no file of a release', async (name, message) => {
  await expect(mustBeFile(at(name))).rejects.toThrow(message);
  await expect(releaseBytes(at(name))).rejects.toThrow(message);
});

test('a file is read', async () => expect((await releaseBytes(at('galleon.lock.yaml'))).toString()).toBe('lock'));

test('a release with a damaged build.json is known by its lock', async () => {
  const { image, record } = await openRelease(folder);
  expect(image).toBe('galleon');
  expect(record).toBeInstanceOf(FormatFault);
});
