import { describe, expect, test } from 'vitest';
import { readBy } from '../../pipeline/plan/reads.ts';

const wired = (id: string, ...sources: string[]) => ({
  id,
  inputs: Object.fromEntries(sources.map((source, index) => [`from${index}`, source])),
});

describe('a step reads', () => {
  const rope = wired('rope');
  const sail = wired('sail', 'rope');
  const mast = wired('mast', 'sail');
  const flag = wired('flag', 'rope');
  const steps = [rope, sail, mast, flag];

  test('its inputs and what these are made from, and not itself', () =>
    expect([...readBy(mast, steps)]).toEqual(['sail', 'rope']));
  test('nothing when it has no inputs', () => expect(readBy(rope, steps).size).toBe(0));
});

test('of many ways to one step each step on them is looked at once', () => {
  const rows = Array.from({ length: 60 }, (_, row) => wired(`row${row + 1}`, `row${row}`, `row${row}`));
  const last = wired('last', 'row60');
  expect(readBy(last, [wired('row0'), ...rows, last]).size).toBe(61);
});
