import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { readContent, readTar, writeTar } from '../../pipeline/tree/tar.ts';
import { directory, hostFile, remove, symlink, textFile, type Tree, type TreeNode } from '../../pipeline/tree/tree.ts';
import { openFiles, scratchDirectory } from '../disk/scratch.ts';

const EPOCH = 1_234_567_890;
const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);
const { signal } = new AbortController();
const write = (tree: Tree, name: string, epoch = EPOCH): Promise<void> => writeTar(tree, at(name), { epoch, signal });
const read = (name: string): Promise<Tree> => readTar(at(name), signal);
const gnuTar = (...args: string[]): string =>
  execFileSync('tar', args, { encoding: 'utf8', env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C.UTF-8' } });
/** As GNU tar understands the archive: one line an entry, in the archive's order; its attributes on lines below. */
const listed = (name: string): string[] =>
  gnuTar('-tvvf', at(name), '--numeric-owner', '--full-time', '--xattrs', '--quoting-style=literal')
    .trimEnd()
    .split('\n')
    .map(line => line.replaceAll(/ +/g, ' '));

const LONG = 'b'.repeat(120);
const DEEP = Array.from({ length: 5 }, (_, index) => `${index}`.repeat(60)).join('/');

/** A folder with what a root file system has, its modes whatever the umask. */
function sourceFolder(name: string, deepest: string): string {
  const root = at(name);
  const put = (path: string, text: string, mode: number): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  };
  put('usr/bin/tool', 'tool'.repeat(500), 0o4711);
  put('etc/secret', 'hush', 0o600);
  put(`${deepest}/é ü`, 'deep', 0o640);
  symlinkSync('usr/bin', join(root, 'bin'));
  symlinkSync(`/${deepest}`, join(root, 'far'));
  linkSync(join(root, 'usr/bin/tool'), join(root, 'usr/bin/twin'));
  linkSync(join(root, deepest, 'é ü'), join(root, deepest, 'other'));
  mkdirSync(join(root, 'tmp'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  for (const each of [
    '.',
    'usr',
    'usr/bin',
    'etc',
    ...deepest.split('/').map((_, index, all) => all.slice(0, index + 1).join('/')),
  ])
    chmodSync(join(root, each), 0o755);
  chmodSync(join(root, 'tmp'), 0o1777);
  chmodSync(join(root, 'pipe'), 0o600);
  return root;
}

function gnuWritten(name: string, format: string, deepest: string, more: string[] = []): void {
  const root = sourceFolder(`${name}.d`, deepest);
  const plain = [`--format=${format}`, '--numeric-owner', `--mtime=@${EPOCH}`, ...more];
  const owned = ['--owner=1234', '--group=567', ...plain];
  gnuTar('-cf', at(name), '-C', root, '--sort=name', '--exclude=./etc/secret', ...owned, '.');
  // Mode 0 only in the archive: not every user who runs this may read such a file.
  gnuTar('-rf', at(name), '-C', root, '--mode=0', ...owned, './etc/secret');
  gnuTar('-rf', at(name), '-C', '/dev', '--owner=0', '--group=5', '--mode=0620', ...plain, 'null');
}

const FORMATS = [
  { format: 'gnu', deepest: `${DEEP}/${LONG}`, more: [] },
  {
    format: 'pax',
    deepest: `${DEEP}/${LONG}`,
    more: ['--pax-option=delete=atime,delete=ctime,SCHILY.xattr.user.note:=sage\tgreen'],
  },
  // Its links take 100 bytes, its names 255.
  { format: 'ustar', deepest: DEEP.slice(0, 90), more: [] },
];

describe('against GNU tar', () => {
  test.each(FORMATS)(
    'reads what it writes as $format, and it lists what we write of that as its own',
    async ({ format, deepest, more }) => {
      gnuWritten(`${format}.tar`, format, deepest, more);
      const tree = await read(`${format}.tar`);
      await write(tree, `${format}-ours.tar`);
      const theirs = listed(`${format}.tar`).map(line => line.replace(/ null$/, ' ./null'));
      expect(listed(`${format}-ours.tar`).toSorted()).toEqual(theirs.toSorted());
    },
  );

  test.each(FORMATS)('bytes, owners, modes and links come through $format', async ({ format, deepest, more }) => {
    gnuWritten(`${format}-in.tar`, format, deepest, more);
    const tree = await read(`${format}-in.tar`);
    expect(tree.get('/usr/bin/tool')).toMatchObject({ type: 'file', mode: 0o4711, uid: 1234, gid: 567 });
    expect(tree.get('/usr/bin/twin')).toBe(tree.get('/usr/bin/tool'));
    expect(tree.get('/far')).toMatchObject({ type: 'symlink', target: `/${deepest}` });
    expect(tree.get('/tmp')).toMatchObject({ type: 'directory', mode: 0o1777 });
    expect(tree.get('/pipe')).toMatchObject({ type: 'fifo', mode: 0o600 });
    expect(tree.get('/null')).toMatchObject({
      type: 'character-device',
      mode: 0o620,
      gid: 5,
      device: { major: 1, minor: 3 },
    });
    expect(tree.get('/etc/secret')).toMatchObject({ mode: 0 });
    const deep = tree.get(`/${deepest}/é ü`);
    expect(deep?.xattrs).toEqual(more.length === 0 ? {} : { 'user.note': 'sage\tgreen' });
    expect(await textOf(deep)).toBe('deep');
  });

  test('it reads ours: names, types, content, attributes, times', async () => {
    const shared = textFile('shared', 0o600);
    const tree: Tree = new Map<string, TreeNode>([
      ['/z', { ...directory(0o700), uid: 65533 }],
      ['/dev/disk', { ...directory(), type: 'block-device', mode: 0o660, device: { major: 259, minor: 70_000 } }],
      [`/${LONG}/${LONG}/${LONG}`, { ...textFile('three'), xattrs: { 'user.b': 'two', 'user.a': 'öne\n' } }],
      [`/${LONG}/${LONG}/link`, shared],
      [`/${LONG}/${LONG}/zlink`, shared],
      [`/far-${LONG}`, symlink(`../${LONG}`)],
    ]);
    await write(tree, 'mine.tar');
    const time = '2009-02-13 23:31:30';
    expect(listed('mine.tar')).toEqual([
      `drwxr-xr-x 0/0 0 ${time} ./`,
      `-rw-r--r--* 0/0 5 ${time} ./${LONG}/${LONG}/${LONG}`,
      ' x: 5 user.a',
      ' x: 3 user.b',
      `-rw------- 0/0 6 ${time} ./${LONG}/${LONG}/link`,
      `hrw------- 0/0 0 ${time} ./${LONG}/${LONG}/zlink link to ./${LONG}/${LONG}/link`,
      `brw-rw---- 0/0 259,70000 ${time} ./dev/disk`,
      `lrwxrwxrwx 0/0 0 ${time} ./far-${LONG} -> ../${LONG}`,
      `drwx------ 65533/0 0 ${time} ./z/`,
    ]);
    expect(gnuTar('-xOf', at('mine.tar'), `./${LONG}/${LONG}/${LONG}`)).toBe('three');
  });

  test('times after 2038, as late as a definition may say', async () => {
    await write(new Map([['/late', textFile('')]]), 'late.tar', 4_294_967_295);
    expect(listed('late.tar')).toEqual([
      'drwxr-xr-x 0/0 0 2106-02-07 06:28:15 ./',
      '-rw-r--r-- 0/0 0 2106-02-07 06:28:15 ./late',
    ]);
    // With a fraction: mksquashfs reads no other.
    expect(readFileSync(at('late.tar'), 'latin1')).toContain(' mtime=4294967295.0\n');
  });

  test('a file of more than one chunk', async () => {
    const bytes = Buffer.from(Array.from({ length: 3 * 2 ** 20 + 7 }, (_, index) => (index * 31) % 251));
    writeFileSync(at('large'), bytes);
    await write(
      new Map([
        [
          '/copy',
          {
            ...hostFile(at('large'), bytes.length - 1000),
            content: { file: at('large'), offset: 1000, bytes: bytes.length - 1000 },
          },
        ],
      ]),
      'large.tar',
    );
    const out = execFileSync('tar', ['-xOf', at('large.tar'), './copy'], { maxBuffer: 8 * 2 ** 20 });
    expect(out.equals(bytes.subarray(1000))).toBe(true);
  });
});

describe('writeTar', () => {
  test('sorts by component: what is below a directory follows it', async () => {
    const names = ['/a-b', '/a', '/a/z', '/a/b', '/a.d', '/a/b/c', '/B'];
    await write(new Map(names.map(name => [name, directory()])), 'order.tar');
    expect([...(await read('order.tar')).keys()]).toEqual(['/', '/B', '/a', '/a/b', '/a/b/c', '/a/z', '/a-b', '/a.d']);
  });

  test('equal trees give equal bytes, in whatever order they were made', async () => {
    const rows: [string, TreeNode][] = [
      ['/one', { ...textFile('1', 0o601), xattrs: { 'user.y': '2', 'user.x': '1' } }],
      ['/two', symlink('one')],
      ['/three', directory(0o711)],
    ];
    await write(new Map(rows), 'first.tar');
    await write(
      new Map(
        rows
          .toReversed()
          .map(([name, node]) => [
            name,
            { ...node, xattrs: Object.fromEntries(Object.entries(node.xattrs).toReversed()) },
          ]),
      ),
      'second.tar',
    );
    expect(readFileSync(at('first.tar')).equals(readFileSync(at('second.tar')))).toBe(true);
  });

  test('the epoch changes the bytes', async () => {
    const tree: Tree = new Map([['/one', textFile('1')]]);
    await write(tree, 'then.tar');
    await write(tree, 'later.tar', EPOCH + 1);
    expect(readFileSync(at('then.tar')).equals(readFileSync(at('later.tar')))).toBe(false);
  });

  test('a hard link keeps its content when its first path is removed', async () => {
    const node = textFile('kept', 0o751);
    await write(
      new Map([
        ['/a', node],
        ['/b', node],
        ['/c', node],
      ]),
      'links.tar',
    );
    const tree = await read('links.tar');
    remove(tree, '/a');
    await write(tree, 'unlinked.tar');
    expect(listed('unlinked.tar').map(line => line.replace(/^.*:\d\d /, ''))).toEqual(['./', './b', './c link to ./b']);
    expect(gnuTar('-xOf', at('unlinked.tar'), './b')).toBe('kept');
  });

  test('a source that has become shorter is a fault', async () => {
    writeFileSync(at('short'), 'abc');
    await expect(write(new Map([['/x', hostFile(at('short'), 9)]]), 'short.tar')).rejects.toThrow(
      'a file ended at 3, 6 bytes too early',
    );
    await expect.poll(() => openFiles(folder)).toEqual([]);
  });

  test('a folder that is not there is no hang', async () => {
    await expect(write(new Map([['/x', textFile('y')]]), 'no/such/out.tar')).rejects.toThrow(/ENOENT.*no\/such/);
  });

  test('stops in the middle of a file when told to, and closes what it reads', async () => {
    const abort = new AbortController();
    writeFileSync(at('sixteen'), Buffer.alloc(16 * 2 ** 20, 7));
    let asked = 0;
    const content = {
      file: at('sixteen'),
      offset: 0,
      get bytes(): number {
        asked += 1;
        if (asked === 6) abort.abort(new Error('that will do'));
        return 16 * 2 ** 20;
      },
    };
    await expect(
      writeTar(new Map([['/x', { ...textFile(''), content }]]), at('stopped.tar'), {
        epoch: EPOCH,
        signal: abort.signal,
      }),
    ).rejects.toThrow();
    expect(asked).toBeGreaterThanOrEqual(6);
    await expect.poll(() => openFiles(folder)).toEqual([]);
  });
});

describe('readTar refuses', () => {
  /** GNU tar renames on the way in, so that any name can be had. */
  const renamed = (name: string, transform: string): void => {
    writeFileSync(at('plain'), 'x');
    gnuTar('-cPf', at(name), '-C', folder, `--transform=${transform}`, 'plain');
  };

  test.each(['../plain', 'a/../../plain', '/../plain', 'a/..'])('%s, which leads out', async path => {
    renamed('escape.tar', `s,^plain$,${path},`);
    await expect(read('escape.tar')).rejects.toThrow(`the tar entry "${path}" leads out of the tree`);
    await expect(read('escape.tar')).rejects.toThrow(FormatFault);
  });

  test.each(['/etc/plain', '//etc//plain', './etc/./plain', 'etc/plain'])(
    'nothing of %s: it is taken from the root',
    async path => {
      renamed('absolute.tar', `s,^plain$,${path},`);
      expect([...(await read('absolute.tar')).keys()]).toEqual(['/etc/plain']);
    },
  );

  test('a hard link whose file comes later', async () => {
    const node = textFile('x');
    await write(
      new Map([
        ['/a', node],
        ['/b', node],
      ]),
      'pair.tar',
    );
    gnuTar('--delete', '-f', at('pair.tar'), './a');
    await expect(read('pair.tar')).rejects.toThrow('/b is a hard link to /a, which does not come before it in the tar');
  });

  test('what no root file system holds', async () => {
    writeFileSync(at('holes'), '');
    truncateSync(at('holes'), 2 ** 20);
    gnuTar('-cf', at('sparse.tar'), '--format=gnu', '--sparse', '--hole-detection=raw', '-C', folder, 'holes');
    await expect(read('sparse.tar')).rejects.toThrow(
      /^"\/holes" is of a kind that is not known here .*--sparse.*has no place in a root file system$/,
    );
  });

  test('an attribute that is no text, which would come out as another', async () => {
    writeFileSync(at('plain'), 'x');
    gnuTar(
      '-cf',
      at('binary.tar'),
      '--format=pax',
      '--pax-option=SCHILY.xattr.security.capability:=abcd',
      '-C',
      folder,
      'plain',
    );
    writeFileSync(
      at('binary.tar'),
      Buffer.from(readFileSync(at('binary.tar')).toString('latin1').replace('=abcd', '=ab\u0080d'), 'latin1'),
    );
    const tree = await read('binary.tar');
    await expect(write(tree, 'again.tar')).rejects.toThrow(/^\/plain: the extended attribute security.capability/);
    // What is taken away meanwhile may have one.
    tree.delete('/plain');
    await write(tree, 'again.tar');
  });

  test('half a tar', async () => {
    await write(new Map([['/x', textFile('y'.repeat(2000))]]), 'whole.tar');
    writeFileSync(at('half.tar'), readFileSync(at('whole.tar')).subarray(0, 1700));
    await expect(read('half.tar')).rejects.toThrow('Unexpected end of data');
  });
});

test('readContent gives the bytes, from memory, from a file, of nothing', async () => {
  writeFileSync(at('source'), '0123456789');
  expect(await textOf(textFile('memory'))).toBe('memory');
  expect(await textOf({ ...textFile(''), content: { file: at('source'), offset: 3, bytes: 4 } })).toBe('3456');
  expect(await textOf(directory())).toBe('');
});

const component = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    fc.string({ unit: fc.constantFrom('a', 'é'), minLength: 90, maxLength: 127 }),
  )
  .filter(name => !/[/\0\uFFFD]|^\.\.?$/.test(name));
const attributes = fc.record({ mode: fc.integer({ min: 0, max: 0o7777 }), uid: fc.nat(65533), gid: fc.nat(65533) });
const node: fc.Arbitrary<TreeNode> = fc
  .tuple(
    attributes,
    fc.oneof(
      fc.record({ type: fc.constant('directory' as const) }),
      fc.record({ type: fc.constant('symlink' as const), target: component }),
      fc.record({ type: fc.constant('fifo' as const) }),
      fc.record({
        type: fc.constantFrom('block-device' as const, 'character-device' as const),
        device: fc.record({ major: fc.nat(4000), minor: fc.nat(200_000) }),
      }),
      fc.record({
        type: fc.constant('file' as const),
        content: fc
          .oneof(fc.nat(20), fc.integer({ min: 500, max: 1100 }))
          .map(bytes => ({ data: Buffer.alloc(bytes, bytes) })),
        xattrs: fc.dictionary(
          fc.constantFrom('user.a', 'user.ü', 'security.x'),
          fc.string({ unit: 'grapheme', maxLength: 30 }).filter(text => !text.includes('\uFFFD')),
        ),
      }),
    ),
  )
  .map(([own, kind]) => ({ ...directory(), ...own, ...kind }));
const trees: fc.Arbitrary<Tree> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.array(component, { minLength: 1, maxLength: 3 }), node), {
      maxLength: 8,
      selector: ([parts]) => parts.join('/'),
    }),
    fc.array(fc.nat(7), { maxLength: 3 }),
  )
  .map(([rows, links]) => {
    const tree: Tree = new Map(rows.map(([parts, each]) => [`/${parts.join('/')}`, each]));
    const files = [...tree.values()].filter(each => each.type === 'file');
    links.forEach((pick, index) => {
      const file = files[pick];
      if (file !== undefined) tree.set(`/hard link ${index}`, file);
    });
    return tree;
  });

test('any tree comes back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(trees, async tree => {
      await write(tree, 'any.tar');
      expect(await described(await read('any.tar'))).toEqual(await described(new Map([['/', directory()], ...tree])));
    }),
    { numRuns: 80 },
  );
});

/** A tree by what matters: hard links by a number, content as text. */
async function described(tree: Tree): Promise<Record<string, unknown>> {
  const paths = [...tree.keys()].toSorted();
  const nodes = [...new Set(paths.map(path => tree.get(path)))];
  const rows = paths.map(async path => {
    const own = tree.get(path) ?? directory();
    return [
      path,
      {
        ...own,
        xattrs: { ...own.xattrs },
        content: own.type === 'file' ? await textOf(own) : null,
        same: nodes.indexOf(own),
      },
    ] as const;
  });
  return Object.fromEntries(await Promise.all(rows));
}

async function textOf(own: TreeNode | undefined): Promise<string> {
  return (await readContent(own ?? directory())).toString('utf8');
}
