import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeOf, makeFolders, replaceFile, sync, writeSynced } from '../../pipeline/engine/files.ts';
import { openFiles, scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);

describe('replaceFile', () => {
  test('leaves the new text and nothing beside it', async () => {
    mkdirSync(at('records'));
    writeFileSync(at('records/build.json'), 'a long old text');
    await replaceFile(at('records/build.json'), 'new');
    expect(readFileSync(at('records/build.json'), 'utf8')).toBe('new');
    expect(readdirSync(at('records'))).toEqual(['build.json']);
  });

  test('by several at once: one of the texts, whole', async () => {
    mkdirSync(at('rivals'));
    const texts = Array.from({ length: 12 }, (_, index) => String(index).repeat(1000 * (index + 1)));
    await Promise.all(texts.map(text => replaceFile(at('rivals/entry.json'), text)));
    expect(texts).toContain(readFileSync(at('rivals/entry.json'), 'utf8'));
    expect(readdirSync(at('rivals'))).toEqual(['entry.json']);
  });
});

describe('makeFolders', () => {
  test('makes a folder and those above it, by several at once', async () => {
    await Promise.all([1, 2, 3].map(async () => makeFolders(at('hold/crate/box'))));
    expect(readdirSync(at('hold/crate'))).toEqual(['box']);
  });

  // With mkdir's `recursive` the first two never end.
  test.each(['/proc/nothing', '/proc/nothing/deep', '/proc/version', '/proc/version/deep'])(
    '%s cannot be made',
    async place => {
      await expect(makeFolders(place)).rejects.toMatchObject({
        name: 'BuildFault',
        message: expect.stringMatching(/^the folder \/proc\/(nothing|version) cannot be made: E/),
      });
    },
  );

  test('a link that leads nowhere is no folder', async () => {
    symlinkSync(at('nowhere'), at('dangling'));
    await expect(makeFolders(at('dangling/deep'))).rejects.toMatchObject({
      message: `the folder ${at('dangling')} cannot be made: EEXIST`,
    });
  });
});

test('writeSynced overwrites all that was there', async () => {
  writeFileSync(at('log'), 'x'.repeat(9000));
  await writeSynced(at('log'), 'short');
  expect(readFileSync(at('log'), 'utf8')).toBe('short');
});

test('what is synced or written is closed again, also after a failure', async () => {
  writeFileSync(at('hull'), 'x');
  await sync(at('hull'));
  await sync(folder);
  await writeSynced(at('hull'), 'y');
  await expect(writeSynced(folder, 'y')).rejects.toThrow('EISDIR');
  await expect(sync(at('no-such'))).rejects.toThrow('ENOENT');
  expect(openFiles(folder)).toEqual([]);
});

test.each([
  [Object.assign(new Error('x'), { code: 'EXDEV' }), 'EXDEV'],
  [new Error('x'), ''],
  [null, ''],
  [undefined, ''],
])('codeOf %s: "%s"', (error, code) => expect(codeOf(error)).toBe(code));
