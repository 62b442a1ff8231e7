import { describe, expect, test } from 'vitest';
import { criticalPath, type TimedStep } from '../../pipeline/plan/critical-path.ts';

function step(id: string, inputs: string[], [startedAt, seconds]: [number | null, number]): TimedStep {
  return { id, inputs, startedAt, seconds };
}

describe('the steps that the end waited for', () => {
  test('of each the input that ended last, whatever was longest', () => {
    const steps = [
      step('rope', [], [0, 9]),
      step('oak', [], [0, 2]),
      step('hull', ['oak'], [2, 8]),
      step('sail', ['rope'], [9, 0.5]),
      step('ship', ['sail', 'hull', 'oak'], [10, 3]),
      step('flag', ['rope'], [9.5, 3]),
    ];
    expect(criticalPath(steps)).toEqual(['oak', 'hull', 'ship']);
  });

  test('what was not built is waited for by nobody', () => {
    const steps = [step('oak', [], [null, 90]), step('hull', ['oak'], [1, 2]), step('ship', ['hull'], [3, 1])];
    expect(criticalPath(steps)).toEqual(['hull', 'ship']);
  });

  test('the end may be of a step that others do not read', () => {
    expect(criticalPath([step('oak', [], [0, 7]), step('rope', [], [0, 8])])).toEqual(['rope']);
  });

  test('none when nothing was built', () => {
    expect(criticalPath([step('oak', [], [null, 4])])).toEqual([]);
  });
});
