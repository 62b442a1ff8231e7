import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OverlayEntry } from '../../pipeline/config/types.ts';
import { layOver } from '../../pipeline/tree/overlay.ts';
import { readContent, writeTar } from '../../pipeline/tree/tar.ts';
import { directory, symlink, textFile, type Tree } from '../../pipeline/tree/tree.ts';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const entry = (path: string, own: Partial<OverlayEntry>): OverlayEntry => ({
  path,
  type: 'file',
  mode: 0o604,
  uid: 11,
  gid: 12,
  source: '',
  target: '',
  sha256: '',
  ...own,
});

test('files, directories and links take their place, with mode and owner; what is not named stays', async () => {
  const source = join(folder, 'motd');
  writeFileSync(source, 'ahoy\n');
  const sha256 = createHash('sha256').update('ahoy\n').digest('hex');
  const tree: Tree = new Map([
    ['/etc', directory()],
    ['/etc/motd', symlink('/run/motd')],
    ['/etc/keep', textFile('kept')],
    ['/usr/lib', directory()],
    ['/lib', symlink('usr/lib')],
  ]);
  await layOver(tree, {
    name: 'harbour',
    directory: folder,
    entries: [
      entry('/etc', { type: 'directory', mode: 0o751 }),
      entry('/etc/motd', { source, sha256 }),
      entry('/etc/link', { type: 'symlink', mode: 0o777, target: 'motd' }),
      entry('/lib', { type: 'directory', mode: 0o755, uid: 0, gid: 0 }),
      entry('/lib/buoy', { source, sha256 }),
    ],
  });
  expect(tree.get('/etc')).toEqual({ ...directory(0o751), uid: 11, gid: 12 });
  expect(tree.get('/etc/motd')).toMatchObject({
    type: 'file',
    mode: 0o604,
    uid: 11,
    gid: 12,
    content: { data: Buffer.from('ahoy\n') },
  });
  expect(tree.get('/etc/link')).toEqual({ ...symlink('motd'), uid: 11, gid: 12 });
  expect(tree.get('/etc/keep')).toEqual(textFile('kept'));
  expect(tree.get('/lib')).toEqual(symlink('usr/lib'));
  expect((await readContent(tree.get('/usr/lib/buoy') ?? directory())).toString()).toBe('ahoy\n');
});

test('a file that has gone since it was digested', async () => {
  await expect(
    layOver(new Map(), {
      name: 'harbour',
      directory: folder,
      entries: [entry('/x', { source: join(folder, 'gone') })],
    }),
  ).rejects.toThrow('ENOENT');
});

test('a file that is not what its digest says any more is refused: it must not be stored under that key', async () => {
  const source = join(folder, 'shifty');
  writeFileSync(source, 'new');
  const entries = [entry('/etc/shifty', { source, sha256: createHash('sha256').update('old').digest('hex') })];
  await expect(layOver(new Map(), { name: 'harbour', directory: folder, entries })).rejects.toThrow(
    /changed during the build/,
  );
});

test('a large file is not kept in memory, and is held to its digest when it is written', async () => {
  const source = join(folder, 'anchor');
  const content = Buffer.alloc(3 * 2 ** 20 + 7, 'chain ');
  writeFileSync(source, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const tree: Tree = new Map();
  await layOver(tree, { name: 'harbour', directory: folder, entries: [entry('/opt/anchor', { source, sha256 })] });
  expect(tree.get('/opt/anchor')?.content).toEqual({ file: source, offset: 0, bytes: content.length, sha256 });
  const out = join(folder, 'out.tar');
  const options = { epoch: 11, signal: new AbortController().signal };
  await writeTar(tree, out, options);
  expect(readFileSync(out).includes(content)).toBe(true);
  content[2 ** 20] = 0;
  writeFileSync(source, content);
  await expect(writeTar(tree, out, options)).rejects.toThrow(`${source} was changed during the build`);
});
