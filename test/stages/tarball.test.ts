import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Facts } from '../../pipeline/stages/stage.ts';
import { tarball } from '../../pipeline/stages/tarball.ts';
import { readTar, writeTar } from '../../pipeline/tree/tar.ts';
import { directory, symlink, textFile, type Tree, type TreeNode } from '../../pipeline/tree/tree.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { contextOf, type FakeContext } from './context.ts';
import { viewOf } from './documents.ts';

const folder = scratchDirectory();
const { signal } = new AbortController();
let count = 0;

const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

function written(bytes: Buffer | string): string {
  const file = join(folder, `cargo-${count++}`);
  writeFileSync(file, bytes);
  return file;
}

async function tarOf(rows: Record<string, TreeNode>): Promise<string> {
  const file = written('');
  await writeTar(new Map(Object.entries(rows)), file, { epoch: 77, signal });
  return file;
}

type Run = NonNullable<Parameters<typeof contextOf>[1]>['run'];

async function build(file: string, run?: Run): Promise<{ context: FakeContext; facts: Facts; tree: Tree }> {
  const context = contextOf(folder, run === undefined ? {} : { run });
  const view = viewOf({ file: () => ({ path: file, sha256: sha256Of(file), mode: 0o644 }) });
  const resolved = tarball.resolve({ file: 'hold/cargo.tar', sha256: sha256Of(file) }, view);
  const facts = await tarball.build(resolved, context);
  return { context, facts, tree: await readTar(context.out, signal) };
}

const HULL = {
  '/usr': directory(),
  '/usr/bin': directory(),
  '/usr/bin/oar': { ...textFile('row', 0o4755), uid: 7, gid: 8, xattrs: { 'user.note': 'ash' } },
  '/bin': symlink('usr/bin'),
  '/far': symlink('/../../nowhere'),
};

test('the tree of the tar: owners, setuid bits, attributes and links are kept', async () => {
  const { tree, facts } = await build(await tarOf(HULL));
  expect([...tree.keys()]).toEqual(['/', '/bin', '/far', '/usr', '/usr/bin', '/usr/bin/oar']);
  expect(tree.get('/usr/bin/oar')).toMatchObject({ mode: 0o4755, uid: 7, gid: 8, xattrs: { 'user.note': 'ash' } });
  expect(tree.get('/far')?.target).toBe('/../../nowhere');
  expect(facts).toEqual({ packages: [] });
});

test('attributes that are no text are left out, and told', async () => {
  const note = { 'user.note': 'ash' };
  const file = await tarOf({
    '/log': { ...directory(), xattrs: { ...note, 'system.posix_acl_access': 'ZZZZ' } },
    '/var': { ...directory(), xattrs: { 'system.posix_acl_default': 'ZZZZ' } },
  });
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf('ZZZZ'); at >= 0; at = bytes.indexOf('ZZZZ')) bytes.fill(0xff, at, at + 4);
  const { tree, context } = await build(written(bytes));
  expect(tree.get('/log')?.xattrs).toEqual(note);
  expect(tree.get('/var')?.xattrs).toEqual({});
  expect(context.warnings).toEqual(['system.posix_acl_access of /log and 1 more attributes left out: no text']);
});

test('the same bytes, whatever order and times the tar has', async () => {
  const bottom = join(folder, 'bottom');
  for (const each of ['usr/bin/oar', 'usr/bin/sail', 'etc/motd']) {
    mkdirSync(dirname(join(bottom, each)), { recursive: true });
    writeFileSync(join(bottom, each), each);
  }
  const tarFrom = (time: number, ...names: string[]): string => {
    const file = written('');
    const owned = ['--owner=0', '--group=0', '--mode=0755', `--mtime=@${time}`, '--no-recursion'];
    execFileSync('tar', ['-cf', file, '-C', bottom, ...owned, ...names]);
    return file;
  };
  // Directories that the tar leaves out are made.
  const one = await build(tarFrom(5, 'usr/bin/sail', 'usr/bin/oar', 'etc/motd'));
  const other = await build(tarFrom(9, './etc', './etc/motd', './usr', './usr/bin', 'usr/bin/oar', 'usr/bin/sail'));
  expect(sha256Of(one.context.out)).toBe(sha256Of(other.context.out));
  expect(one.tree.get('/usr')).toMatchObject({ type: 'directory', mode: 0o755 });
});

test.each([
  ['gzip', ['--decompress', '--stdout'], '1f8b08000000'],
  ['xz', ['--decompress', '--stdout'], 'fd377a585a00'],
  ['zstd', ['--quiet', '--decompress', '--stdout'], '28b52ffd0458'],
])(
  '%s unpacks by the first bytes, not the name; the file itself does not pass through us',
  async (program, args, magic) => {
    const plain = await tarOf(HULL);
    const packed = written(Buffer.concat([Buffer.from(magic, 'hex'), Buffer.from('squeezed')]));
    const { tree, context } = await build(packed, (call, { work }) =>
      copyFileSync(plain, join(work, call.options.stdout ?? '')),
    );
    expect(context.calls).toEqual([{ program, args, options: { stdin: packed, stdout: 'plain.tar' } }]);
    expect(tree.has('/usr/bin/oar')).toBe(true);
  },
);

test('packages that it says are installed; those that were removed are not', async () => {
  const status = [
    'Package: oar\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2:1.4-1',
    'Package: anchor\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 3',
    'Package: rope\nStatus: hold ok installed\nArchitecture: all\nVersion: 0.9~b\nDescription: rope\n of hemp',
  ];
  const { facts } = await build(await tarOf({ '/var/lib/dpkg/status': textFile(`${status.join('\n\n')}\n`) }));
  expect(facts).toEqual({
    packages: [
      { name: 'oar', version: '2:1.4-1', architecture: 'amd64' },
      { name: 'rope', version: '0.9~b', architecture: 'all' },
    ],
  });
});

describe('a fault', () => {
  test('another digest than the definition says: both are told', () => {
    const file = { path: '/host/cargo.tar', sha256: 'b'.repeat(64), mode: 0o644 };
    expect(() => tarball.resolve({ file: 'cargo.tar', sha256: 'a'.repeat(64) }, viewOf({ file: () => file }))).toThrow(
      expect.objectContaining({
        path: 'sha256',
        message: `"cargo.tar" has the SHA-256 ${'b'.repeat(64)}, not ${'a'.repeat(64)}`,
        hint: 'when it is the file that you mean, write its SHA-256 here',
      }),
    );
  });

  test('a file that is changed while it is built', async () => {
    const file = await tarOf(HULL);
    const view = viewOf({ file: () => ({ path: file, sha256: 'c'.repeat(64), mode: 0o644 }) });
    const resolved = tarball.resolve({ file: 'cargo.tar', sha256: 'c'.repeat(64) }, view);
    await expect(tarball.build(resolved, contextOf(folder))).rejects.toThrow('was changed during the build');
  });

  const device = { ...textFile(''), content: null, type: 'block-device' as const, device: { major: 8, minor: 1 } };
  test.each<[string, Record<string, TreeNode>, string]>([
    ['a device', { '/opt/disk': device }, '"/opt/disk" is a device outside of /dev'],
    [
      'what lies below a link',
      { '/lib': symlink('/usr/lib'), '/lib/a/b': textFile('x') },
      '"/lib/a/b" lies below "/lib", which is a symbolic link',
    ],
    [
      'what lies below a file',
      { '/lib': textFile('y'), '/lib/a': textFile('x') },
      '"/lib/a" lies below "/lib", which is a file',
    ],
  ])('%s', async (_, rows, message) => {
    await expect(build(await tarOf(rows))).rejects.toThrow(message);
  });

  test('a name that is not UTF-8', async () => {
    const file = await tarOf({ '/weed-Z': textFile('x') });
    const bytes = readFileSync(file);
    const at = bytes.indexOf('./weed-Z');
    bytes[at + 7] = 0xe9;
    // The sum of a header's bytes, its own field taken as blanks (POSIX ustar).
    const header = bytes.subarray(at, at + 512);
    header.fill(' ', 148, 156);
    header.write(
      `${header
        .reduce((a, b) => a + b, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    );
    await expect(build(written(bytes))).rejects.toThrow('has a name that is not UTF-8');
  });

  test('no tar', async () => {
    await expect(build(written('not a tar'.repeat(100)))).rejects.toThrow(/^no tar, or a damaged one: /);
  });

  test('one that ends too early', async () => {
    const whole = readFileSync(await tarOf({ '/log': textFile('x'.repeat(4000)) }));
    await expect(build(written(whole.subarray(0, 3000)))).rejects.toThrow('no tar, or a damaged one: ');
  });

  test('an empty one', async () => {
    const file = written('');
    execFileSync('tar', ['-cf', file, '-T', '/dev/null']);
    await expect(build(file)).rejects.toThrow('the tar holds no files');
  });
});

test('devices below /dev are left out', async () => {
  const device = { ...textFile(''), content: null, type: 'character-device' as const, device: { major: 1, minor: 3 } };
  const { tree } = await build(await tarOf({ '/dev': directory(), '/dev/null': device, '/etc/motd': textFile('') }));
  expect([...tree.keys()]).toEqual(['/', '/dev', '/etc', '/etc/motd']);
});
