import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  byComponent,
  contentBytes,
  directory,
  ensureDirectory,
  hostFile,
  lookup,
  matches,
  parentOf,
  place,
  remove,
  symlink,
  textFile,
  type Tree,
} from '../../pipeline/tree/tree.ts';

const treeOf = (...rows: [string, ReturnType<typeof directory>][]): Tree => new Map(rows);
const paths = (tree: Tree): string[] => [...tree.keys()].toSorted();
/** A merged-usr system and some links that go astray. */
const system = (): Tree =>
  treeOf(
    ['/usr', directory()],
    ['/usr/bin', directory(0o711)],
    ['/usr/bin/moss', textFile('m')],
    ['/bin', symlink('usr/bin')],
    ['/abs', symlink('/usr/bin')],
    ['/chain', symlink('bin')],
    ['/usr/up', symlink('../../../../usr/bin')],
    ['/loop', symlink('pool')],
    ['/pool', symlink('/loop')],
    ['/self', symlink('self/x')],
    ['/dangling', symlink('/srv/none')],
    ['/usr/bin/alias', symlink('moss')],
  );

describe('place', () => {
  test.each([
    ['/bin/fern', '/usr/bin/fern'],
    ['/abs/fern', '/usr/bin/fern'],
    ['/chain/fern', '/usr/bin/fern'],
    ['/usr/up/fern', '/usr/bin/fern'],
    ['/bin/deep/er/fern', '/usr/bin/deep/er/fern'],
    ['/dangling/fern', '/srv/none/fern'],
    ['/usr/../fern', '/fern'],
    ['/../../fern', '/fern'],
    ['//usr//fern/', '/usr/fern'],
  ])('%s lands at %s', (path, real) => {
    const tree = system();
    const node = textFile('f');
    place(tree, path, node);
    expect(tree.get(real)).toBe(node);
    if (path !== real) expect(tree.has(path)).toBe(false);
  });

  test('makes the directories above, each plain', () => {
    const tree = system();
    place(tree, '/bin/a/b/c', textFile('c', 0o600));
    expect([tree.get('/usr/bin/a'), tree.get('/usr/bin/a/b')]).toEqual([directory(0o755), directory(0o755)]);
    expect(tree.get('/usr/bin')?.mode).toBe(0o711);
  });

  test('a symlink at the path itself is replaced, not followed', () => {
    const tree = system();
    place(tree, '/usr/bin/alias', textFile('new'));
    expect(tree.get('/usr/bin/alias')).toEqual(textFile('new'));
    expect(tree.get('/usr/bin/moss')).toEqual(textFile('m'));
  });

  test('a directory that exists keeps its content and takes mode and owner', () => {
    const tree = system();
    place(tree, '/usr/bin', { ...directory(0o750), uid: 12, gid: 34 });
    expect(tree.get('/usr/bin')).toMatchObject({ mode: 0o750, uid: 12, gid: 34 });
    expect(tree.has('/usr/bin/moss')).toBe(true);
  });

  test.each(['/bin', '/chain', '/usr/up'])('a directory at the link %s is the directory it leads to', path => {
    const tree = system();
    place(tree, path, directory(0o700));
    expect(tree.get(path)?.type).toBe('symlink');
    expect(tree.get('/usr/bin')?.mode).toBe(0o700);
    expect(lookup(tree, `${path}/moss`)?.node).toEqual(textFile('m'));
  });

  test.each(['/dangling', '/usr/bin/alias', '/loop'])(
    'a directory at the link %s, which leads to none, replaces it',
    path => {
      const tree = system();
      place(tree, path, directory(0o700));
      expect(tree.get(path)).toEqual(directory(0o700));
    },
  );

  test.each([textFile('now a file'), symlink('elsewhere')])(
    'a $type in place of a directory takes its content away',
    node => {
      const tree = system();
      place(tree, '/usr', node);
      expect(paths(tree).filter(path => path.startsWith('/usr'))).toEqual(['/usr']);
    },
  );

  test('a neighbour whose name begins alike stays', () => {
    const tree = treeOf(
      ['/var', directory()],
      ['/var/x', textFile('')],
      ['/variety', directory()],
      ['/variety/x', textFile('')],
    );
    place(tree, '/var', textFile(''));
    expect(paths(tree)).toEqual(['/var', '/variety', '/variety/x']);
  });

  test('a circle of links ends', () => {
    const tree = system();
    for (const path of ['/loop/x', '/self/x/y']) place(tree, path, textFile('x'));
    expect(lookup(tree, '/usr/bin/moss')).not.toBeNull();
  });

  test('any path lands below the root, whatever the links say', () => {
    const part = fc.constantFrom('a', 'b', '..', '.', 'c');
    const walk = fc.array(part, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(walk, walk, fc.boolean()), { maxLength: 5 }), walk, (links, target) => {
        const tree: Tree = new Map();
        for (const [from, to, absolute] of links)
          place(
            tree,
            `/${from.filter(each => !each.startsWith('.')).join('/') || 'z'}`,
            symlink((absolute ? '/' : '') + to.join('/')),
          );
        place(tree, `/${target.join('/')}/end`, textFile('end'));
        for (const path of tree.keys()) expect(path).toMatch(/^(\/[abcz]|\/end)+$/);
      }),
    );
  });
});

test('ensureDirectory leaves what is there', () => {
  const tree = system();
  ensureDirectory(tree, '/usr/bin');
  ensureDirectory(tree, '/var/lib/moss');
  expect(tree.get('/usr/bin')?.mode).toBe(0o711);
  expect(paths(tree).filter(path => path.startsWith('/var'))).toEqual(['/var', '/var/lib', '/var/lib/moss']);
});

describe('lookup', () => {
  test.each([
    ['/bin/moss', '/usr/bin/moss'],
    ['/bin/alias', '/usr/bin/moss'],
    ['/bin', '/usr/bin'],
    ['/chain/alias', '/usr/bin/moss'],
    ['/usr/up/moss', '/usr/bin/moss'],
    ['/usr/../../usr/bin/moss', '/usr/bin/moss'],
  ])('%s is %s', (path, real) => expect(lookup(system(), path)?.path).toBe(real));

  test.each(['/loop', '/loop/x', '/self', '/self/x/y', '/dangling', '/usr/bin/none', '/none/x'])(
    '%s is nothing',
    path => expect(lookup(system(), path)).toBeNull(),
  );

  test('a link out of the tree stays in it', () => {
    const tree = treeOf(
      ['/etc', directory()],
      ['/etc/passwd', symlink('../../../../../../../etc/shadow')],
      ['/etc/shadow', textFile('inside')],
    );
    expect(lookup(tree, '/etc/passwd')).toEqual({ path: '/etc/shadow', node: textFile('inside') });
  });

  test.each([
    [39, '/end'],
    [40, undefined],
  ])('through %d links one after another', (count, end) => {
    const tree = treeOf(['/end', textFile('')]);
    for (let index = 0; index < count; index++)
      tree.set(`/${index}`, symlink(index === count - 1 ? 'end' : `${index + 1}`));
    expect(lookup(tree, '/0')?.path).toBe(end);
  });
});

describe('remove', () => {
  const logs = (): Tree =>
    treeOf(
      ...[
        '/var',
        '/var/log',
        '/var/log/apt',
        '/var/log/apt/term.log',
        '/var/log/dpkg.log',
        '/var/logs',
        '/var/log.old',
        '/var/x+y',
        '/var/[',
        '/var/a',
      ].map((path): [string, ReturnType<typeof directory>] => [
        path,
        path.includes('.log') ? textFile('') : directory(),
      ]),
    );
  test.each([
    ['/var/log', ['/var/log', '/var/log/apt', '/var/log/apt/term.log', '/var/log/dpkg.log']],
    ['/var/log/', ['/var/log', '/var/log/apt', '/var/log/apt/term.log', '/var/log/dpkg.log']],
    ['/var/log/*', ['/var/log/apt', '/var/log/apt/term.log', '/var/log/dpkg.log']],
    ['/var/log/**', ['/var/log/apt', '/var/log/apt/term.log', '/var/log/dpkg.log']],
    ['/var/*.log', []],
    ['/var/**.log', ['/var/log/apt/term.log', '/var/log/dpkg.log']],
    ['/var/log?', ['/var/logs']],
    ['/var/log?old', ['/var/log.old']],
    ['/var/?', ['/var/[', '/var/a']],
    ['/var/x+y', ['/var/x+y']],
    ['/var/[', ['/var/[']],
    ['/var/[a-z]', []],
    ['/ar/log', []],
    ['/', []],
  ])('%s', (glob, gone) => {
    const tree = logs();
    const before = paths(tree);
    expect(remove(tree, glob)).toBe(gone.length);
    expect(before.filter(path => !tree.has(path))).toEqual(gone.toSorted());
  });

  test('matches tells the same paths, sorted, and takes none away', () => {
    const tree = treeOf(
      ['/boot/vmlinuz-6.12', textFile('')],
      ['/boot/vmlinuz-6.1', textFile('')],
      ['/boot/vmlinuz', directory()],
      ['/boot/vmlinuz-x/y', textFile('')],
    );
    expect(matches(tree, '/boot/vmlinuz-*')).toEqual(['/boot/vmlinuz-6.1', '/boot/vmlinuz-6.12']);
    expect(tree.size).toBe(4);
  });
});

test.each([
  ['/a', '/'],
  ['/a/b', '/a'],
  ['/', '/'],
])('parentOf %s is %s', (path, parent) => expect(parentOf(path)).toBe(parent));

test('byComponent puts what is below a directory right behind it', () => {
  const path = fc
    .array(fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', ' ', '~'), minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    })
    .map(parts => `/${parts.join('/')}`);
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 12 }), all => {
      const sorted = all.toSorted(byComponent);
      for (const each of all) {
        const inside = sorted.map(other => other === each || other.startsWith(`${each}/`));
        expect(inside.lastIndexOf(true) - inside.indexOf(true) + 1).toBe(inside.filter(Boolean).length);
        expect(inside.indexOf(true)).toBe(sorted.indexOf(each));
      }
    }),
  );
});

test.each([
  [textFile('süß'), 5],
  [hostFile('/nowhere', 77), 77],
  [directory(), 0],
])('contentBytes of %o', (node, bytes) => expect(contentBytes(node)).toBe(bytes));
