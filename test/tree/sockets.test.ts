import { expect, test } from 'vitest';
import { listeningSockets } from '../../pipeline/tree/sockets.ts';
import { place, symlink, textFile, type Tree } from '../../pipeline/tree/tree.ts';

const LIB = '/usr/lib/systemd/system';
const ETC = '/etc/systemd/system';

function treeOf(files: Record<string, string>): Tree {
  const tree: Tree = new Map();
  for (const [path, text] of Object.entries(files))
    place(tree, path, text.startsWith('-> ') ? symlink(text.slice(3)) : textFile(text));
  return tree;
}

const wanted = (unit: string, text: string): Tree =>
  treeOf({ [`${LIB}/${unit}`]: text, [`${ETC}/sockets.target.wants/${unit}`]: `-> ${LIB}/${unit}` });

test.each([
  ['a port', 'ListenStream=4711', ['4711']],
  ['an address, with blanks', '\tListenDatagram = 192.0.2.7:53 ', ['192.0.2.7:53']],
  ['vsock', 'ListenStream=vsock::9', ['vsock::9']],
  ['two', 'ListenStream=1\nListenDatagram=2', ['1', '2']],
  ['a port beside a path', 'ListenStream=/run/galley\nListenStream=7', ['7']],
  ['those behind an empty one', 'ListenStream=1\nListenStream=\nListenStream=2', ['2']],
])('%s is heard from the network', async (_, lines, addresses) =>
  expect(await listeningSockets(wanted('galley.socket', `[Socket]\n${lines}\n`))).toEqual([
    { unit: 'galley.socket', addresses },
  ]),
);

test.each([
  ['a path', '/run/galley'],
  ['a path by a specifier', '%t/galley'],
  ['an abstract name', '@galley'],
  ['loopback', '127.0.0.1:80'],
  ['loopback of IPv6', '[::1]:80'],
])('%s is of the machine alone', async (_, address) =>
  expect(await listeningSockets(wanted('galley.socket', `[Socket]\nListenStream=${address}\n`))).toEqual([]),
);

test('a unit that nothing wants is not started', async () =>
  expect(await listeningSockets(treeOf({ [`${LIB}/galley.socket`]: 'ListenStream=4711' }))).toEqual([]));

test('a masked unit is not started', async () => {
  const tree = wanted('galley.socket', 'ListenStream=4711');
  place(tree, `${ETC}/galley.socket`, symlink('/dev/null'));
  expect(await listeningSockets(tree)).toEqual([]);
});

test('a unit that the packages themselves link is started', async () =>
  expect(
    await listeningSockets(
      treeOf({ [`${LIB}/galley.socket`]: 'ListenStream=4711', [`${LIB}/sail.target.wants/galley.socket`]: '-> ../x' }),
    ),
  ).toEqual([{ unit: 'galley.socket', addresses: ['4711'] }]));

test('a drop-in adds addresses, and takes them back', async () => {
  const tree = wanted('galley.socket', 'ListenStream=4711');
  place(tree, `${ETC}/galley.socket.d/own.conf`, textFile('[Socket]\nListenStream=\nListenStream=/run/galley\n'));
  expect(await listeningSockets(tree)).toEqual([]);
});

test('an instance has the addresses of its template', async () =>
  expect(
    await listeningSockets(
      treeOf({ [`${LIB}/oar@.socket`]: 'ListenStream=99', [`${ETC}/sockets.target.wants/oar@left.socket`]: '-> x' }),
    ),
  ).toEqual([{ unit: 'oar@left.socket', addresses: ['99'] }]));

test('a masked drop-in takes nothing away but itself', async () => {
  const tree = wanted('galley.socket', 'ListenStream=4711');
  place(tree, `${LIB}/galley.socket.d/more.conf`, textFile('ListenStream=4712\n'));
  place(tree, `${ETC}/galley.socket.d/more.conf`, symlink('/dev/null'));
  expect(await listeningSockets(tree)).toEqual([{ unit: 'galley.socket', addresses: ['4711'] }]);
});

test('drop-ins follow each other by name, whatever their folder; of one name the operator’s counts', async () => {
  const tree = wanted('galley.socket', '');
  place(tree, `${LIB}/galley.socket.d/50-reset.conf`, textFile('ListenStream=\n'));
  place(tree, `${LIB}/galley.socket.d/70-port.conf`, textFile('ListenStream=70\n'));
  place(tree, `${ETC}/galley.socket.d/10-early.conf`, textFile('ListenStream=10\n'));
  place(tree, `${ETC}/galley.socket.d/70-port.conf`, textFile('ListenStream=71\n'));
  expect(await listeningSockets(tree)).toEqual([{ unit: 'galley.socket', addresses: ['71'] }]);
});
