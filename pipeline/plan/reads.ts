/** What a step is made from. Pure. */
import type { PlannedStep } from './plan.ts';

type Wired = Pick<PlannedStep, 'id' | 'inputs'>;

/** Ids of the steps that `step` reads, directly or by way of others; each is looked at once, however many ways lead to it. */
export function readBy(step: Wired, steps: readonly Wired[]): ReadonlySet<string> {
  const inputsOf = new Map(steps.map(({ id, inputs }) => [id, Object.values(inputs)]));
  const found = new Set(Object.values(step.inputs));
  for (const id of found) for (const source of inputsOf.get(id) ?? []) found.add(source);
  return found;
}
