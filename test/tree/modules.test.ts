import { describe, expect, test } from 'vitest';
import { loadOrder, type ModuleIndex } from '../../pipeline/tree/modules.ts';

const index: ModuleIndex = {
  dependencies: [
    'kernel/fs/kelp/kelp.ko.xz: kernel/lib/lib-sand.ko.xz kernel/lib/salt.ko.xz',
    'kernel/lib/lib-sand.ko.xz: kernel/lib/salt.ko.xz',
    'kernel/lib/salt.ko.xz:',
    'kernel/fs/coral.ko: kernel/lib/salt.ko.xz',
    'kernel/crypto/foam.ko.zst:',
    'kernel/crypto/foam_fast.ko.gz:',
    'kernel/drivers/a.ko: kernel/drivers/b.ko',
    'kernel/drivers/b.ko:',
    '',
  ].join('\n'),
  builtin: 'kernel/fs/rock.ko\nkernel/fs/sea-floor.ko\n',
  soft: '# Soft dependencies extracted from modules themselves.\nsoftdep coral pre: foam nowhere post: kelp\nsoftdep coral pre: foam-fast\nsoftdep b pre: a\nsoftdep salt post: kelp\n',
};
const names = (wanted: string[], own = index): string[] =>
  loadOrder(wanted, own).map(path => path.replace(/^.*\/(.*)\.ko.*$/, '$1'));

describe('loadOrder', () => {
  test('gives paths as the index has them', () =>
    expect(loadOrder(['foam', 'coral'], { ...index, soft: '' })).toEqual([
      'kernel/crypto/foam.ko.zst',
      'kernel/lib/salt.ko.xz',
      'kernel/fs/coral.ko',
    ]));

  test.each([
    { wanted: ['kelp'], order: ['salt', 'lib-sand', 'kelp'], why: 'each after what it depends on' },
    { wanted: ['salt', 'kelp', 'salt'], order: ['salt', 'lib-sand', 'kelp'], why: 'each once' },
    { wanted: ['lib_sand'], order: ['salt', 'lib-sand'], why: '_ for -' },
    { wanted: ['foam-fast'], order: ['foam_fast'], why: '- for _' },
    { wanted: ['rock', 'sea_floor', 'foam'], order: ['foam'], why: 'nothing that is built in' },
    {
      wanted: ['coral'],
      order: ['foam', 'foam_fast', 'salt', 'coral'],
      why: 'soft dependencies of all lines first; those unknown left out',
    },
    { wanted: ['a'], order: ['b', 'a'], why: 'a circle through a soft dependency ends' },
    { wanted: [], order: [], why: 'nothing of nothing' },
  ])('$why: $wanted', ({ wanted, order }) => expect(names(wanted)).toEqual(order));

  test('a name that the kernel lacks, with those that begin alike', () => {
    expect(() => names(['foam_slow'])).toThrow(
      expect.objectContaining({
        name: 'FormatFault',
        message: 'the kernel has no module "foam_slow"',
        hint: 'there are: foam, foam_fast',
      }),
    );
    expect(() => names(['zebra'])).toThrow(
      expect.objectContaining({ message: 'the kernel has no module "zebra"', hint: 'mend `modules` in the manifest' }),
    );
  });

  test('an index that names what it does not list', () => {
    expect(() => names(['whale'], { ...index, dependencies: 'kernel/whale.ko: kernel/krill.ko\n' })).toThrow(
      'the kernel has no module "krill"',
    );
  });
});
