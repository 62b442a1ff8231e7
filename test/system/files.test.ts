/** caisson ls and cat on the built image, compared with what its steps put into it. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cat, type CatOptions } from '../../pipeline/commands/cat.ts';
import type { CommandContext } from '../../pipeline/commands/context.ts';
import { ls } from '../../pipeline/commands/ls.ts';
import type { FileEntry } from '../../pipeline/formats/partition-files.ts';
import { readContent, readTar } from '../../pipeline/tree/tar.ts';
import { contentBytes, lookup, type Tree } from '../../pipeline/tree/tree.ts';
import { testEnvironment } from '../support/caisson.ts';

const { own, scratch } = inject('builds');
const folder = path.join(scratch, 'files');
const { signal } = new AbortController();
const out = path.dirname(own.out);
const vhdx = path.join(own.out, 'eflow.vhdx');
const raw = path.join(own.out, 'eflow.raw');

/** What a step of the build made. */
const artifact = (id: string): string =>
  path.join(own.cache, 'store', own.record.stages.find(each => each.id === id)?.key ?? id, 'artifact');

async function list(
  image: string,
  place: string | null,
  options: { recursive?: boolean; json?: boolean } = {},
): Promise<string> {
  const parts: string[] = [];
  const context = contextOf({ json: options.json === true, print: text => void parts.push(text) });
  expect(await ls(context, { image, out, place, recursive: options.recursive === true })).toBe(0);
  return parts.join('');
}

async function entries(image: string, place: string, recursive = false): Promise<FileEntry[]> {
  return (JSON.parse(await list(image, place, { recursive, json: true })) as { entries: FileEntry[] }).entries;
}

async function content(image: string, place: string, more: Partial<CatOptions> = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const stdout = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk);
      done();
    },
  });
  expect(await cat(contextOf({}), { image, out, place, to: null, stdout, ...more })).toBe(0);
  return Buffer.concat(chunks);
}

function contextOf(more: Partial<CommandContext>): CommandContext {
  return {
    environment: testEnvironment(own.cache),
    project: own.project,
    home: own.project,
    settle: async () => undefined,
    emit: () => undefined,
    print: () => undefined,
    json: false,
    color: false,
    unicode: true,
    width: 100,
    signal,
    ...more,
  };
}

let tree: Tree;
beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  tree = await readTar(artifact('tree'), signal);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('ls', () => {
  it('names the partitions of the image, found by its name', async () => {
    const text = await list('eflow', null);
    const rows = text
      .trim()
      .split('\n')
      .slice(1)
      .map(each => each.trim().split(/ {2,}/));
    expect(rows.map(([number, name]) => [Number(number), name])).toEqual(
      own.record.partitions.map(each => [each.number, each.name]),
    );
    expect(rows.map(row => row[2])).toEqual([
      'FAT12',
      'FAT16',
      'erofs',
      'FAT12',
      'none (empty)',
      'none (empty)',
      'ext4',
      'ext4',
    ]);
  });

  it('tells of every file of the root file system what the tree says', async () => {
    const expected = [...tree]
      .filter(([name]) => name !== '/')
      .map(([name, { type, mode, uid, gid, target, ...node }]) => ({
        path: name,
        type: ['file', 'directory', 'symlink'].includes(type) ? type : 'other',
        mode,
        uid,
        gid,
        bytes: type === 'symlink' ? Buffer.byteLength(target) : contentBytes({ type, mode, uid, gid, target, ...node }),
        modified: own.record.epoch,
        target: type === 'symlink' ? target : null,
      }));
    const found = await entries(vhdx, 'RootFSA:/', true);
    const byPath = (a: { path: string }, b: { path: string }): number =>
      Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
    expect(found.toSorted(byPath)).toEqual(expected.toSorted(byPath));
    expect(found.length).toBeGreaterThan(3000);
  });

  it('shows the selector and the state on FAT, with whole paths', async () => {
    const text = await list(raw, 'BootEFIA:/', { recursive: true });
    expect(
      text
        .trim()
        .split('\n')
        .map(line => line.split(' ').at(-1)),
    ).toEqual([
      'path',
      '/EFI/',
      '/EFI/BOOT/',
      '/EFI/BOOT/BOOTX64.EFI',
      '/EFI/BOOT/grubx64.efi',
      '/EFI/BOOT/mmx64.efi',
      '/EFI/caisson/',
      '/EFI/caisson/grubenv',
    ]);
  });

  it.each([vhdx, raw])('lists the empty ext4 of Data, by number too: %s', async image => {
    expect(await entries(image, '8:/')).toMatchObject([
      { path: '/lost+found', type: 'directory', mode: 0o700, uid: 0, gid: 0 },
    ]);
    expect(await list(image, 'Data:/lost+found/')).toBe('This folder is empty.\n');
  });

  it('shows a link itself, and what it holds when asked with a slash', async () => {
    expect(await entries(vhdx, 'RootFSA:/bin')).toMatchObject([{ path: '/bin', type: 'symlink', target: 'usr/bin' }]);
    expect((await entries(vhdx, 'RootFSA:bin/')).map(each => each.path)).toContain('/usr/bin/bash');
  });

  it('finds no file system in the empty slot', async () => {
    await expect(list(vhdx, 'RootFSB:/etc')).rejects.toThrow('RootFSB is empty');
  });

  it('names the nearest path', async () => {
    await expect(list(vhdx, 'RootFSA:/etc/os-relese')).rejects.toMatchObject({
      name: 'UsageFault',
      message: 'RootFSA:/etc/os-relese: there is no "os-relese" in /etc',
      hint: 'did you mean "/etc/os-release"?',
    });
  });
});

describe('cat', () => {
  it.each([vhdx, raw])('gives /etc/os-release, through its link: %s', async image => {
    const node = lookup(tree, '/etc/os-release')?.node;
    if (node === undefined) throw new Error('no os-release');
    expect((await content(image, 'RootFSA:/etc/os-release')).equals(await readContent(node))).toBe(true);
  });

  it.each([vhdx, raw])('gives the UKI byte for byte, to stdout and into a file: %s', async image => {
    const uki = createHash('sha256')
      .update(await readFile(artifact('uki')))
      .digest('hex');
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(await content(image, 'BootA:/EFI/caisson/slot.efi'))).toBe(uki);
    const to = path.join(folder, 'slot.efi');
    expect((await content(image, 'BootA:/efi/CAISSON/slot.efi', { to })).length).toBe(0);
    expect(digest(await readFile(to))).toBe(uki);
    expect(await readdir(folder)).toEqual(['slot.efi']);
  });

  it('is no failure when its reader has had enough', async () => {
    let taken = 0;
    const stdout = new Writable({
      write: (chunk: Buffer, _, done) => {
        taken += chunk.length;
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    await content(vhdx, 'RootFSA:/usr/bin/bash', { stdout });
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(1_000_000);
  });

  it('of a folder is refused', async () => {
    await expect(content(vhdx, 'RootFSA:/bin')).rejects.toMatchObject({
      name: 'UsageFault',
      message: 'RootFSA:/bin is a folder, which has no content',
    });
  });
});

describe('afterwards', () => {
  it('the image is as it was, and nothing is left in the cache, also when interrupted', async () => {
    const before = await stat(vhdx);
    const abort = new AbortController();
    const stdout = new Writable({
      write: () => abort.abort(new Error('interrupted')),
    });
    const running = cat(contextOf({ signal: abort.signal }), {
      image: vhdx,
      out,
      place: 'BootA:/EFI/caisson/slot.efi',
      to: null,
      stdout,
    });
    await expect(running).rejects.toThrow();
    const after = await stat(vhdx);
    expect([after.mtimeMs, after.size, after.ino]).toEqual([before.mtimeMs, before.size, before.ino]);
    const left = await readdir(path.join(own.cache, 'scratch')).catch(() => []);
    expect(left.filter(each => each.startsWith('files-'))).toEqual([]);
  });
});
