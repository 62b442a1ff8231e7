import { expect, test } from 'vitest';
import { budgetJudge, BudgetFault } from '../../../pipeline/commands/build/budgets.ts';
import type { Budgets } from '../../../pipeline/config/types.ts';
import type { Made } from '../../../pipeline/plan/budgets.ts';
import { planOf } from '../../engine/steps.ts';
import { imageOf } from '../../stages/documents.ts';

const MIB = 2 ** 20;
const NONE: Budgets = { root: null, image: null, packages: null, setuid: null, listening: null };
const position = (path: string) => ({ file: 'pipeline/galleon.yaml', line: 7, col: path.length });

/** The fault of an image with these limits, once `made` is known of its only step; a container or a tree. */
function fault(budgets: Partial<Budgets>, made: Partial<Made>): BudgetFault | null {
  const plan = planOf([{ id: 'box', publishes: 'galleon.vhdx' }]);
  const steps = plan.steps.map(each => ({ ...each, stage: { ...each.stage, name: 'container' } }));
  const judge = budgetJudge({ position }, { ...plan, steps, image: imageOf({ budgets: { ...NONE, ...budgets } }) });
  judge.add('box', { bytes: 0, facts: {}, ...made });
  try {
    judge.check();
    return null;
  } catch (error) {
    if (error instanceof BudgetFault) return error;
    throw error;
  }
}

test('as much as is allowed is no fault', () => expect(fault({ image: 3 * MIB }, { bytes: 3 * MIB })).toBeNull());

test('names place, what was found, what is allowed, and what it is of', () =>
  expect(fault({ image: 3 * MIB }, { bytes: 4.5 * MIB })?.message).toBe(
    'galleon crosses a budget\n    pipeline/galleon.yaml:7:13: budgets.image: the image has 4.5 MiB, allowed: 3 MiB (galleon.vhdx)',
  ));

test('a size that looks like its limit is told in bytes', () =>
  expect(fault({ image: 3.5 * MIB }, { bytes: 3.5 * MIB + 1 })?.message).toMatch(
    /has 3670017 bytes, allowed: 3670016/,
  ));

test('every crossed budget is named at once', () => {
  const facts = { setuid: ['/bin/winch'], sockets: [{ unit: 'galley.socket', addresses: ['9'] }] };
  const { message = '' } = fault({ image: 1, setuid: 0, listening: 0 }, { bytes: 2, facts }) ?? {};
  expect(message.split('\n').map(each => /budgets\.\w+/.exec(each)?.[0])).toEqual([
    undefined,
    'budgets.image',
    'budgets.setuid',
    'budgets.listening',
  ]);
  expect(message).toMatch(/^galleon crosses 3 budgets\n/);
});

test('of many parts some are named', () => {
  const setuid = Array.from({ length: 11 }, (_, index) => `/bin/winch-${index}`);
  expect(fault({ setuid: 4 }, { facts: { setuid } })?.message).toMatch(/: 11, allowed: 4 \(\/bin.*-7, and 3 more\)$/);
});
