import { expect, test } from 'vitest';
import type { Firewall } from '../../../pipeline/formats/declaration.ts';
import { compareFirewalls } from '../../../pipeline/formats/difference/firewall.ts';
import { COMPARED_TEXTS } from '../../../pipeline/formats/difference/texts.ts';
import { FIREWALL } from './snapshots.ts';

const of = (firewall: Firewall | null, v4 = '') => ({
  declaration: { firewall },
  texts: new Map([[COMPARED_TEXTS.rulesV4, v4]]),
});

test('settings, ports and rules', () => {
  const next: Firewall = {
    ...FIREWALL,
    output: 'drop',
    ssh: { limit: null, from: ['192.0.2.7'] },
    allow: [
      ...FIREWALL.allow,
      { port: 53, protocol: 'udp', from: ['192.0.2.0/24'], limit: { connections: 2, seconds: 9 } },
    ],
  };
  expect(compareFirewalls(of(FIREWALL, '# one\n-A x\n-A x\n-A y\n'), of(next, '# two\n-A x\n-A z\n-A y\n'))).toEqual([
    { what: 'output', old: 'accept', new: 'drop' },
    { what: 'ssh', old: 'from anywhere, 3 in 60 s', new: 'from 192.0.2.7' },
    { what: 'allow', old: null, new: '53/udp from 192.0.2.0/24, 2 in 9 s' },
    { what: 'rules.v4', old: '-A x', new: null },
    { what: 'rules.v4', old: null, new: '-A z' },
  ]);
});

test('rules in another order are other rules', () => {
  expect(compareFirewalls(of(FIREWALL, '-A x\n-A y\n'), of(FIREWALL, '-A y\n-A x\n'))).toEqual([
    { what: 'rules.v4', old: 'the same lines', new: 'in another order' },
  ]);
});

test('none at all', () => {
  expect(compareFirewalls(of(null), { declaration: null, texts: new Map() })).toEqual([]);
  expect(compareFirewalls(of(FIREWALL), of(null)).map(each => each.new)).toEqual([null, null, null, null, null, null]);
});
