import { describe, expect, test } from 'vitest';
import { allowedModules } from '../../../pipeline/tree/guest/modules.ts';
import { place, textFile, type Tree } from '../../../pipeline/tree/tree.ts';

/** kelp needs sand-bank; sand-bank needs salt; weed stands alone; brine is built in. */
function kernel(version = '9.8.7'): Tree {
  const tree: Tree = new Map();
  const folder = `/usr/lib/modules/${version}`;
  place(
    tree,
    `${folder}/modules.dep`,
    textFile(
      'kernel/sea/kelp.ko.xz: kernel/sea/sand-bank.ko.xz kernel/sea/salt.ko.xz\nkernel/sea/sand-bank.ko.xz: kernel/sea/salt.ko.xz\nkernel/sea/salt.ko.xz:\nkernel/sea/weed.ko.xz:\n',
    ),
  );
  place(tree, `${folder}/modules.builtin`, textFile('kernel/sea/brine.ko\n'));
  return tree;
}

describe('allowedModules', () => {
  test('names what is wanted and what that needs, and refuses all else, to devices and by name', async () => {
    const { allowed, blacklist } = await allowedModules(kernel(), ['sand-bank', 'brine']);
    expect(allowed).toEqual(['salt', 'sand_bank']);
    expect(blacklist.split('\n').filter(line => !line.startsWith('#'))).toEqual([
      'blacklist kelp',
      'install kelp /bin/false',
      'blacklist weed',
      'install weed /bin/false',
      '',
    ]);
  });

  test('says where those stand that are refused', async () => {
    const { refused } = await allowedModules(kernel(), ['sand-bank']);
    expect(refused).toEqual(['kelp', 'weed'].map(each => `/usr/lib/modules/9.8.7/kernel/sea/${each}.ko.xz`));
  });

  test('a module that the kernel does not have is a fault', async () => {
    await expect(allowedModules(kernel(), ['kepl'])).rejects.toThrow('the kernel has no module "kepl"');
  });

  test.each([
    ['no kernel', new Map() as Tree],
    ['2 kernels', new Map([...kernel(), ...kernel('9.8.8')])],
  ])('a tree with %s is a fault', async (what, tree) => {
    await expect(allowedModules(tree, ['kelp'])).rejects.toThrow(what);
  });
});
