import { describe, expect, test } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { directory, lookup, place, symlink, textFile, type Tree } from '../../pipeline/tree/tree.ts';
import { disableUnit, enableUnit, maskUnit } from '../../pipeline/tree/units.ts';

const LIB = '/usr/lib/systemd/system';
const ETC = '/etc/systemd/system';

function treeOf(units: Record<string, string>): Tree {
  const tree: Tree = new Map([
    ['/usr', directory()],
    ['/lib', symlink('usr/lib')],
  ]);
  for (const [name, text] of Object.entries(units))
    place(tree, name.startsWith('/') ? name : `${LIB}/${name}`, textFile(text));
  return tree;
}

/** Links below /etc/systemd/system, by name there. */
function links(tree: Tree): Record<string, string> {
  return Object.fromEntries(
    [...tree].flatMap(([path, node]) =>
      node.type === 'symlink' && path.startsWith(`${ETC}/`) ? [[path.slice(ETC.length + 1), node.target]] : [],
    ),
  );
}

async function enabled(unit: string, units: Record<string, string>): Promise<Record<string, string>> {
  const tree = treeOf(units);
  await enableUnit(tree, unit);
  return links(tree);
}

describe('enableUnit', () => {
  test.each([
    ['WantedBy=reef.target', { 'reef.target.wants/crab.service': `${LIB}/crab.service` }],
    ['RequiredBy=reef.target', { 'reef.target.requires/crab.service': `${LIB}/crab.service` }],
    ['UpheldBy=reef.target', { 'reef.target.upholds/crab.service': `${LIB}/crab.service` }],
    [
      'WantedBy=reef.target bay.target\nWantedBy = sea.target',
      Object.fromEntries(
        ['bay', 'reef', 'sea'].map(target => [`${target}.target.wants/crab.service`, `${LIB}/crab.service`]),
      ),
    ],
    [
      'Alias=lobster.service prawn.service',
      { 'lobster.service': `${LIB}/crab.service`, 'prawn.service': `${LIB}/crab.service` },
    ],
    ['#WantedBy=reef.target\n;Alias=x.service\n', {}],
    [
      'WantedBy=reef.target\n[Service]\nAlias=lobster.service',
      { 'reef.target.wants/crab.service': `${LIB}/crab.service` },
    ],
    [
      'WantedBy=reef.target\\\n bay.target',
      Object.fromEntries(['bay', 'reef'].map(target => [`${target}.target.wants/crab.service`, `${LIB}/crab.service`])),
    ],
    [
      'WantedBy=reef.target\nWantedBy=\nWantedBy=bay.target',
      { 'bay.target.wants/crab.service': `${LIB}/crab.service` },
    ],
  ])('%j', async (install, expected) => {
    expect(
      await enabled('crab.service', { 'crab.service': `[Unit]\nWantedBy=no.target\n[Install]\n${install}\n` }),
    ).toEqual(expected);
  });

  test('what it names by Also=, round in a circle too', async () => {
    expect(
      await enabled('crab.service', {
        'crab.service': '[Install]\nWantedBy=reef.target\nAlso=crab.socket\n',
        'crab.socket': '[Install]\nWantedBy=sockets.target\nAlso=crab.service\n',
      }),
    ).toEqual({
      'reef.target.wants/crab.service': `${LIB}/crab.service`,
      'sockets.target.wants/crab.socket': `${LIB}/crab.socket`,
    });
  });

  test.each([
    [
      'clam@ttyS7.service',
      {
        'dev-ttyS7.device.wants/clam@ttyS7.service': `${LIB}/clam@.service`,
        'getty.target.wants/clam@ttyS7.service': `${LIB}/clam@.service`,
      },
    ],
    [
      'clam@.service',
      {
        'dev-tty9.device.wants/clam@tty9.service': `${LIB}/clam@.service`,
        'getty.target.wants/clam@tty9.service': `${LIB}/clam@.service`,
      },
    ],
  ])('the template as %s', async (unit, expected) => {
    expect(
      await enabled(unit, {
        'clam@.service': '[Install]\nWantedBy=getty.target dev-%i.device\nDefaultInstance=tty9\n',
      }),
    ).toEqual(expected);
  });

  test('an alias of a template, for the instance', async () => {
    expect(await enabled('clam@one.service', { 'clam@.service': '[Install]\nAlias=mussel@.service\n' })).toEqual({
      'mussel@one.service': `${LIB}/clam@.service`,
    });
  });

  test.each([
    ['shell.service', 'crab.service', { 'reef.target.wants/crab.service': `${LIB}/crab.service` }],
    ['shell@two.service', 'clam@.service', { 'reef.target.wants/clam@two.service': `${LIB}/clam@.service` }],
  ])('%s, another name of %s, by its own name', async (alias, unit, expected) => {
    const tree = treeOf({ [unit]: '[Install]\nWantedBy=reef.target\n' });
    place(tree, `${LIB}/${alias.replace('two', '')}`, symlink(unit));
    await enableUnit(tree, alias);
    expect(links(tree)).toEqual(expected);
  });

  test('an instance with a file of its own', async () => {
    expect(
      await enabled('clam@one.service', {
        'clam@.service': '[Install]\nWantedBy=a.target\n',
        'clam@one.service': '[Install]\nWantedBy=b.target\n',
      }),
    ).toEqual({ 'b.target.wants/clam@one.service': `${LIB}/clam@one.service` });
  });

  test('the file in /etc goes before the one in /usr/lib', async () => {
    expect(
      await enabled('crab.service', {
        'crab.service': '[Install]\nWantedBy=a.target\n',
        [`${ETC}/crab.service`]: '[Install]\nWantedBy=b.target\n',
      }),
    ).toEqual({ 'b.target.wants/crab.service': `${ETC}/crab.service` });
  });

  test('without [Install] nothing changes', async () =>
    expect(await enabled('crab.service', { 'crab.service': '[Service]\nExecStart=/bin/true\n' })).toEqual({}));

  test('twice is as once', async () => {
    const tree = treeOf({ 'crab.service': '[Install]\nWantedBy=a.target\n' });
    await enableUnit(tree, 'crab.service');
    const once = [...tree.keys()];
    await enableUnit(tree, 'crab.service');
    expect([...tree.keys()]).toEqual(once);
  });

  test('a unit that is not there, with those that begin alike', async () => {
    const tree = treeOf({ 'ssh.service': '', 'ssh.socket': '', 'sshd@.service': '', 'crab.service': '' });
    await expect(enableUnit(tree, 'sshx.service')).rejects.toThrow(FormatFault);
    await expect(enableUnit(tree, 'ssh.servcie')).rejects.toMatchObject({
      message: 'no unit "ssh.servcie" in the tree',
      hint: 'there are: ssh.service, ssh.socket, sshd@.service',
    });
    await expect(enableUnit(tree, 'whale.service')).rejects.toMatchObject({
      hint: 'is the package that brings it in the manifest?',
    });
  });
});

describe('disableUnit', () => {
  test('takes every link to it, also by another name, and leaves the others', async () => {
    const tree = treeOf({
      'crab.service': '[Install]\nWantedBy=a.target b.target\nAlias=lobster.service\n',
      'hermit-crab.service': '[Install]\nWantedBy=a.target\n',
    });
    await enableUnit(tree, 'crab.service');
    await enableUnit(tree, 'hermit-crab.service');
    disableUnit(tree, 'crab.service');
    expect(links(tree)).toEqual({ 'a.target.wants/hermit-crab.service': `${LIB}/hermit-crab.service` });
    expect(lookup(tree, `${LIB}/crab.service`)).not.toBeNull();
  });

  test('of a template takes all instances; of an instance that one', async () => {
    const template = { 'clam@.service': '[Install]\nWantedBy=a.target\n' };
    const both = async (): Promise<Tree> => {
      const tree = treeOf(template);
      await enableUnit(tree, 'clam@one.service');
      await enableUnit(tree, 'clam@two.service');
      return tree;
    };
    const one = await both();
    disableUnit(one, 'clam@one.service');
    expect(Object.keys(links(one))).toEqual(['a.target.wants/clam@two.service']);
    const none = await both();
    disableUnit(none, 'clam@.service');
    expect(links(none)).toEqual({});
  });

  test('a unit of the tree in /etc itself, and a mask, stay', () => {
    const tree = treeOf({ [`${ETC}/crab.service`]: '[Install]\n', [`${ETC}/a.target.wants/keep`]: '' });
    place(tree, `${ETC}/whale.service`, symlink('/dev/null'));
    disableUnit(tree, 'crab.service');
    disableUnit(tree, 'whale.service');
    expect(tree.has(`${ETC}/crab.service`)).toBe(true);
    expect(links(tree)).toEqual({ 'whale.service': '/dev/null' });
  });

  test('one that is not there is nothing to do', () => {
    const tree = treeOf({});
    disableUnit(tree, 'whale.service');
    expect(links(tree)).toEqual({});
  });
});

test('maskUnit leaves one link, to /dev/null, whether the unit is there or not', async () => {
  const tree = treeOf({ 'crab.service': '[Install]\nWantedBy=a.target\n' });
  await enableUnit(tree, 'crab.service');
  maskUnit(tree, 'crab.service');
  maskUnit(tree, 'ghost.timer');
  expect(links(tree)).toEqual({ 'crab.service': '/dev/null', 'ghost.timer': '/dev/null' });
});
