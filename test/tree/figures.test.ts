import { expect, test } from 'vitest';
import { rootFigures } from '../../pipeline/tree/figures.ts';
import { directory, textFile, type Tree } from '../../pipeline/tree/tree.ts';

test('setuid and setgid files by path, directories not among them', async () => {
  const tree: Tree = new Map([
    ['/usr/bin/winch', textFile('w', 0o4755)],
    ['/usr/bin/anchor', textFile('a', 0o2755)],
    ['/usr/bin/rope', textFile('r', 0o755)],
    ['/var/mail', directory(0o2775)],
  ]);
  expect((await rootFigures(tree)).setuid).toEqual(['/usr/bin/anchor', '/usr/bin/winch']);
});

test('the largest first, a file of two names once', async () => {
  const keel = textFile('k'.repeat(90));
  const tree: Tree = new Map([
    ['/z/keel', keel],
    ['/a/keel', keel],
    ['/mast', textFile('m'.repeat(70))],
    ['/oar', textFile('o'.repeat(3))],
    ['/sail', textFile('s'.repeat(40))],
  ]);
  expect((await rootFigures(tree)).largest).toEqual([
    { path: '/a/keel', bytes: 90 },
    { path: '/mast', bytes: 70 },
    { path: '/sail', bytes: 40 },
    { path: '/oar', bytes: 3 },
  ]);
});
