import { expect, test } from 'vitest';
import { headroomOf } from '../../pipeline/plan/headroom.ts';
import { layoutOf } from '../stages/documents.ts';

const MIB = 2 ** 20;
const layout = layoutOf([
  { name: 'KernA', content: 'kern', slot: 'A', size: 8 * MIB },
  { name: 'SysA', content: 'sys', slot: 'A', size: 90 * MIB, reserve: 11 * MIB },
  { name: 'KernB', content: 'kern', slot: 'B', size: 8 * MIB },
  { name: 'SysB', content: 'sys', slot: 'B', size: 90 * MIB, reserve: 11 * MIB },
  { name: 'Hold', content: 'hold' },
]);

test('a row for each content of the slots, by the fuller of the two', () =>
  expect(headroomOf(layout, { SysA: 30 * MIB, KernA: 2 * MIB, KernB: 3 * MIB, Hold: 5 })).toEqual([
    { content: 'kern', partitions: ['KernA', 'KernB'], size: 8 * MIB, used: 3 * MIB, free: 5 * MIB, reserve: 0 },
    { content: 'sys', partitions: ['SysA', 'SysB'], size: 90 * MIB, used: 30 * MIB, free: 60 * MIB, reserve: 11 * MIB },
  ]));

test('none for what the image does not fill', () => expect(headroomOf(layout, { Hold: 5 })).toEqual([]));
