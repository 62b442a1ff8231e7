/** The budgets of a definition, while its steps are made: the first step that crosses one ends the build. */
import type { Project } from '../../config/project.ts';
import type { Budgets } from '../../config/types.ts';
import { BuildFault } from '../../engine/fault.ts';
import { roundSize } from '../../formats/bytes.ts';
import { budgetsOf, type Budget, type Made } from '../../plan/budgets.ts';
import type { Plan } from '../../plan/plan.ts';

export interface BudgetJudge {
  /** A step is known. */
  add: (id: string, made: Made) => void;
  /** Throws BudgetFault, which names every budget which is crossed by what is known so far. */
  check: () => void;
}

export class BudgetFault extends BuildFault {}

const WORDS: Readonly<Record<keyof Budgets, string>> = {
  root: 'the root has',
  image: 'the image has',
  packages: 'packages:',
  setuid: 'files with a setuid or setgid bit:',
  listening: 'what the network can reach:',
};

/** Parts that are named of each. */
const NAMED = 8;

export function budgetJudge({ position }: Pick<Project, 'position'>, plan: Plan): BudgetJudge {
  const known = new Map<string, Made>();
  const told = (budget: Budget): string => {
    const { file, line, col } = position(`budgets.${budget.name}`);
    return `${file}:${line}:${col}: budgets.${budget.name}: ${crossedText(budget)}`;
  };
  return {
    add: (id, { bytes, facts }) => void known.set(id, { bytes, facts }),
    check() {
      const crossed = budgetsOf(plan, known).filter(each => each.found > each.limit);
      if (crossed.length === 0) return;
      const lines = crossed.map(each => `\n    ${told(each)}`).join('');
      throw new BudgetFault(
        `${plan.image.name} crosses ${crossed.length === 1 ? 'a budget' : `${crossed.length} budgets`}${lines}`,
        'take out what it has too much of, or raise the budget there',
      );
    },
  };
}

/** "the root has 48.5 MiB, 40 MiB are allowed (…)". A size that looks the same as its limit is told in bytes. */
function crossedText({ name, found, limit, parts }: Budget): string {
  const size = ['root', 'image'].includes(name);
  const same = roundSize(found) === roundSize(limit);
  const text = (value: number): string => (!size ? String(value) : same ? `${value} bytes` : roundSize(value));
  const more = parts.length > NAMED ? [`and ${parts.length - NAMED} more`] : [];
  const what = parts.length === 0 ? '' : ` (${[...parts.slice(0, NAMED), ...more].join(', ')})`;
  return `${WORDS[name]} ${text(found)}, allowed: ${text(limit)}${what}`;
}
