import { expect, test } from 'vitest';
import { compareCommandLines, compareConfigs } from '../../../pipeline/formats/difference/kernel.ts';

test('words by what stands before the sign, alike in several profiles once', () => {
  const before = ['a', 'b'].map(id => ({ id, cmdline: `quiet console=tty0 console=ttyS0 panic=5 slot=${id}` }));
  const after = ['a', 'b'].map(id => ({ id, cmdline: `console=tty0 console=ttyS1 slot=${id} ro  panic=${id}` }));
  expect(compareCommandLines(before, after)).toEqual([
    { word: 'console', profiles: ['a', 'b'], old: 'console=tty0 console=ttyS0', new: 'console=tty0 console=ttyS1' },
    { word: 'panic', profiles: ['a'], old: 'panic=5', new: 'panic=a' },
    { word: 'panic', profiles: ['b'], old: 'panic=5', new: 'panic=b' },
    { word: 'quiet', profiles: ['a', 'b'], old: 'quiet', new: null },
    { word: 'ro', profiles: ['a', 'b'], old: null, new: 'ro' },
  ]);
});

test('a profile that only one of the two has is one change', () => {
  const found = compareCommandLines([{ id: 'off', cmdline: 'x y' }], [{ id: 'on', cmdline: 'x z' }]);
  expect(found).toEqual([
    { word: '', profiles: ['off'], old: 'x y', new: null },
    { word: '', profiles: ['on'], old: null, new: 'x z' },
  ]);
});

test('options of Kconfig; what is not set is not what is not there', () => {
  const before = '# Linux/x86 6.1.9\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="s"\n# CONFIG_D is not set\n';
  const after = 'CONFIG_A=m\nCONFIG_B=y\nCONFIG_C="s"\nCONFIG_E=7\n';
  expect(compareConfigs(before, after)).toEqual([
    { option: 'CONFIG_A', old: 'y', new: 'm' },
    { option: 'CONFIG_B', old: 'n', new: 'y' },
    { option: 'CONFIG_D', old: 'n', new: null },
    { option: 'CONFIG_E', old: null, new: '7' },
  ]);
  expect(compareConfigs(null, after)).toBeNull();
  expect(compareConfigs(before, null)).toBeNull();
});
