/** Why a step of a plan will be built: what the store has by its key, and what changed since it was last built. */
import { nearest } from '../../config/nearest.ts';
import type { Resolution } from '../../engine/resolve.ts';
import type { Found, Listed } from '../../engine/store.ts';
import type { Plan, PlannedStep } from '../../plan/plan.ts';
import { UNRESOLVED } from '../../stages/stage.ts';
import { changedParts, type Change } from '../../plan/why.ts';
import { plainText } from '../../report/text.ts';
import { UsageFault } from '../context.ts';

export interface Why {
  step: string;
  state: 'cached' | 'build';
  /** One line: why it is not taken from the store; empty for a cached one. */
  reason: string;
  /** What it is compared with: the entry of this step that was last of use. Null when it was never built here. */
  last: { key: string; usedAt: string } | null;
  changes: Change[];
}

export interface WhyInput {
  plan: Plan;
  ahead: ReadonlyMap<string, Found>;
  entries: readonly Listed[];
  resolutions: Readonly<Record<string, Resolution | undefined>>;
}

/** The answer for a step, then for each step whose change it follows from, once each. Throws UsageFault for another name. */
export function explainChain(id: string, input: WhyInput): Why[] {
  const chain = new Map<string, Why>();
  const visit = (name: string): void => {
    if (chain.has(name)) return;
    const why = explainStep(name, input);
    if (chain.size > 0 && why.state === 'cached') return;
    chain.set(name, why);
    const inputs = input.plan.steps.find(each => each.id === name)?.inputs ?? {};
    Object.values(inputs).forEach(visit);
  };
  visit(id);
  return [...chain.values()];
}

/** The answer for one step. Throws UsageFault for another name. */
export function explainStep(id: string, input: WhyInput): Why {
  const { plan, ahead, entries } = input;
  const step = plan.steps.find(each => each.id === id);
  if (step === undefined) throw unknownStep(id, plan);
  const found = ahead.get(id);
  if (found !== undefined && found.entry !== null)
    return { step: id, state: 'cached', reason: '', last: lastOf(entries, step, plan), changes: [] };
  const own = entries.find(each => each.entry.key === step.key);
  const last = lastOf(entries, step, plan);
  const was = entries.find(each => each.entry.key === last?.key)?.entry;
  const changes =
    was === undefined || was.key === step.key
      ? []
      : changedParts(was.parts, step.parts).flatMap(change => refine(change, step, { input, facts: was.facts }));
  return {
    step: id,
    state: 'build',
    reason: reasonOf(step, { found, own, changes, input, known: last !== null }),
    last,
    changes,
  };
}

function unknownStep(id: string, plan: Plan): UsageFault {
  const ids = plan.steps.map(each => each.id);
  const similar = nearest(id, ids);
  return new UsageFault(
    `no step "${id}" in ${plan.image.name}${similar === null ? '' : ` (did you mean "${similar}"?)`}`,
    `its steps: ${ids.join(', ')}`,
  );
}

/** The entry of this step that was last of use; entries are sorted so. */
function lastOf(entries: readonly Listed[], step: PlannedStep, plan: Plan): Why['last'] {
  const found = entries.find(each => each.entry.image === plan.image.name && each.entry.step === step.id);
  return found === undefined ? null : { key: found.entry.key, usedAt: found.usedAt.toISOString() };
}

/** Changed packages are named, not only the digest of their list. */
function refine(
  change: Change,
  step: PlannedStep,
  { input, facts }: { input: WhyInput; facts: Readonly<Record<string, unknown>> },
): Change[] {
  const resolution = step.sources === null ? undefined : input.resolutions[step.sources.name];
  if (!change.what.startsWith('packages of ') || resolution === undefined) return [change];
  const versions = (list: readonly { name: string; version: string }[]): Record<string, string> =>
    Object.fromEntries(list.map(each => [`package ${each.name}`, each.version]));
  const before = versions((facts.packages ?? []) as { name: string; version: string }[]);
  // Packages that are purged at the end are in no record: they tell nothing.
  const purged = new Set(step.sources?.removePackages);
  const now = versions(resolution.packages.filter(each => !purged.has(each.name)));
  return [change, ...changedParts(before, now)];
}

interface Circumstances {
  found: Found | undefined;
  own: Listed | undefined;
  changes: readonly Change[];
  known: boolean;
  input: WhyInput;
}

function reasonOf(step: PlannedStep, { found, own, changes, known, input }: Circumstances): string {
  if (step.sources !== null && input.resolutions[step.sources.name] === undefined)
    return `packages of ${step.sources.name} not resolved yet`;
  const upstream = Object.values(step.inputs).filter(id => input.ahead.get(id)?.entry === null);
  if (step.key === null) {
    if (upstream.length > 0) return `${upstream.join(', ')} will be built`;
    if (step.parts.options === UNRESOLVED) return 'no keyring where `updates` says';
    const section = step.stage.signs === 'bundles' ? 'updates.signing' : 'signing';
    return step.parts.certificate === UNRESOLVED
      ? `no certificate where \`${section}\` says`
      : 'tools not resolved yet';
  }
  if (found !== undefined && found.fault !== null && found.fault !== '') return found.fault;
  if (own?.entry.published !== undefined && own.entry.published !== null)
    return `${step.publishes ?? ''} is no longer there, or was built elsewhere (${own.entry.published})`;
  if (!known) return 'never built here';
  const names = [...new Set(changes.map(each => (each.what.startsWith('options') ? 'options' : each.what)))];
  return names.length === 0
    ? 'no longer in the store'
    : `changed: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}`;
}

/** A paragraph for each step; digests are cut short. */
export function drawChain(chain: readonly Why[]): string {
  return chain.map(drawWhy).join('\n\n');
}

function drawWhy({ step, state, reason, last, changes }: Why): string {
  if (state === 'cached') return `${plainText(step)} is in the store: nothing makes it miss`;
  const since =
    last === null || changes.length === 0
      ? ''
      : `, compared with ${last.usedAt.slice(0, 16).replace('T', ' ')} UTC (key ${last.key.slice(0, 12)})`;
  return [
    plainText(`${step} will be built: ${reason}${since}`),
    ...changes.map(({ what, was, is }) => `    ${plainText(`${what}: ${shorten(was)} -> ${shorten(is)}`)}`),
  ].join('\n');
}

function shorten(value: string | null): string {
  if (value === null) return 'none';
  if (/^[0-9a-f]{64}$/.test(value)) return value.slice(0, 12);
  return value.length > 160 ? `${value.slice(0, 159)}…` : value;
}
