import { expect, test } from 'vitest';
import { comparePackages, type Package } from '../../../pipeline/formats/difference/packages.ts';

const pack = (name: string, version: string, architecture = 'amd64'): Package => ({ name, version, architecture });

test('by name; alike in several manifests is one change', () => {
  const before = {
    hull: [pack('oak', '1'), pack('tar', '2'), pack('rope', '1')],
    mast: [pack('oak', '1'), pack('rope', '1')],
  };
  const after = {
    mast: [pack('oak', '2'), pack('rope', '3')],
    hull: [pack('pine', '5'), pack('oak', '2'), pack('rope', '2')],
  };
  expect(comparePackages(before, after)).toEqual([
    { name: 'oak', manifests: ['hull', 'mast'], old: '1', new: '2' },
    { name: 'pine', manifests: ['hull'], old: null, new: '5' },
    { name: 'rope', manifests: ['hull'], old: '1', new: '2' },
    { name: 'rope', manifests: ['mast'], old: '1', new: '3' },
    { name: 'tar', manifests: ['hull'], old: '2', new: null },
  ]);
});

test('a manifest that is called as what every object has', () => {
  const before = JSON.parse('{"constructor":[]}') as Record<string, Package[]>;
  const after = JSON.parse('{"__proto__":[{"name":"oak","version":"1","architecture":"amd64"}]}') as typeof before;
  const oak = { name: 'oak', manifests: ['__proto__'], old: null, new: '1' };
  expect(comparePackages(before, after)).toEqual([oak]);
  expect(comparePackages({}, { constructor: [pack('oak', '1')] })).toHaveLength(1);
});

test('a manifest that is new, and two architectures of one package', () => {
  const after = { hull: [pack('oak', '1'), pack('oak', '1', 'i386')] };
  expect(comparePackages({ hull: [pack('oak', '1')] }, after).map(each => [each.name, each.old, each.new])).toEqual([
    ['oak', '1', null],
    ['oak:amd64', null, '1'],
    ['oak:i386', null, '1'],
  ]);
  expect(comparePackages({}, { keel: [pack('oak', '1')] })).toEqual([
    { name: 'oak', manifests: ['keel'], old: null, new: '1' },
  ]);
});
