import { expect, test } from 'vitest';
import { packageLists, packageSizes } from '../../pipeline/tree/package-sizes.ts';
import { directory, symlink, textFile, type Tree } from '../../pipeline/tree/tree.ts';

const LISTS = '/var/lib/dpkg/info';

async function listsOf(lists: Readonly<Record<string, string>>): Promise<Map<string, string[]>> {
  return packageLists(new Map(Object.entries(lists).map(([name, text]) => [`${LISTS}/${name}`, textFile(text)])));
}

test('a package has the files that are there in the end, through /lib too', async () => {
  const lists = await listsOf({
    'sail:amd64.list': '/.\n/usr\n/usr/lib\n/lib/jib\n/usr/bin/hoist\n/usr/share/doc/gone\n/usr/bin/link\n',
    'keel.list': '/usr/bin/ballast\n',
    'keel.postinst': '/usr/bin/other\n',
    'anchor.list': '/usr/share/doc/gone\n',
  });
  const tree: Tree = new Map([
    ['/usr', directory()],
    ['/usr/lib/jib', textFile('j'.repeat(40))],
    ['/usr/bin/hoist', textFile('h'.repeat(5))],
    ['/usr/bin/link', symlink('hoist')],
    ['/usr/bin/ballast', textFile('b'.repeat(70))],
    ['/usr/bin/other', textFile('o'.repeat(9))],
    ['/etc/flag', textFile('f')],
  ]);
  expect(packageSizes(tree, lists)).toEqual({
    packageSizes: [
      { name: 'keel', bytes: 70, files: 1 },
      { name: 'sail', bytes: 45, files: 2 },
    ],
    otherFiles: { bytes: 10, files: 2 },
  });
});

test('a file of two names counts once', async () => {
  const rope = textFile('r'.repeat(30));
  const tree: Tree = new Map([
    ['/usr/bin/a', rope],
    ['/usr/bin/b', rope],
  ]);
  const lists = await listsOf({ 'rope.list': '/usr/bin/a\n/usr/bin/b\n' });
  expect(packageSizes(tree, lists)).toEqual({
    packageSizes: [{ name: 'rope', bytes: 30, files: 1 }],
    otherFiles: { bytes: 0, files: 0 },
  });
});

test('nothing is said of a tree without dpkg', async () => {
  expect(packageSizes(new Map([['/bin/sh', textFile('s')]]), await listsOf({}))).toEqual({});
});
