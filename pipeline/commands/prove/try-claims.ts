/** Tries claims on a machine that is in their scenario, and says of each what came of it. */
import { Untried, type Claim, type Subject } from '../../claims/claim.ts';
import { ClaimFault } from '../../claims/fault.ts';
import { BuildFault } from '../../engine/fault.ts';
import { ProcessFailure } from '../../engine/run.ts';
import type { Declaration } from '../../formats/declaration.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { ProvenClaim, ProvenFact, Verdict } from '../../formats/proof.ts';
import { UsageFault } from '../context.ts';

/** What `prepare` of each claim gave, by its name, or what it threw. */
export type Prepared = Map<string, { text: string } | { error: unknown }>;

export interface Trial {
  /** All but `before`. */
  subject: Omit<Subject, 'before'>;
  prepared: Prepared;
  signal: AbortSignal;
  onProven(claim: ProvenClaim): void;
}

/** Those that run beside start at once; the others follow each other, those that disturb at the end. */
export async function tryClaims(claims: readonly Claim[], trial: Trial): Promise<ProvenClaim[]> {
  const inOrder = (order: Claim['order']): Claim[] => claims.filter(each => each.order === order);
  const beside = inOrder('beside').map(async claim => tryClaim(claim, trial));
  // Awaited below; a stop meanwhile must not be nobody's.
  for (const each of beside) each.catch(() => undefined);
  const proven: ProvenClaim[] = [];
  for (const claim of inOrder('alone')) proven.push(await tryClaim(claim, trial));
  proven.push(...(await Promise.all(beside)));
  for (const claim of inOrder('last')) proven.push(await tryClaim(claim, trial));
  return proven;
}

/** Runs the first half of claims that look back, in the state before theirs. */
export async function prepareClaims(claims: readonly Claim[], trial: Omit<Trial, 'onProven'>): Promise<void> {
  for (const claim of claims) {
    if (claim.prepare === null) continue;
    try {
      trial.prepared.set(claim.name, { text: await claim.prepare({ ...trial.subject, before: '' }) });
    } catch (error) {
      trial.signal.throwIfAborted();
      trial.prepared.set(claim.name, { error });
    }
  }
}

/** A claim whose scenario was never reached. */
export function unreached(
  claim: Claim,
  declaration: Declaration,
  { verdict, reason }: { verdict: 'failed' | 'not tried'; reason: string },
): ProvenClaim {
  return { ...described(claim, declaration), verdict, reason, facts: [], seconds: 0 };
}

async function tryClaim(claim: Claim, trial: Trial): Promise<ProvenClaim> {
  const start = performance.now();
  const ended = await outcome(claim, trial);
  const proven = {
    ...described(claim, trial.subject.declaration),
    ...ended,
    seconds: Math.round((performance.now() - start) / 10) / 100,
  };
  trial.onProven(proven);
  return proven;
}

async function outcome(
  claim: Claim,
  { subject, prepared, signal }: Trial,
): Promise<{ verdict: Verdict; reason: string; facts: ProvenFact[] }> {
  try {
    const before = prepared.get(claim.name) ?? { text: '' };
    if ('error' in before) throw before.error;
    const facts = await claim.prove({ ...subject, before: before.text });
    const passed = facts.length > 0 && facts.every(each => each.fits);
    return { verdict: passed ? 'passed' : 'failed', reason: facts.length === 0 ? 'nothing was seen' : '', facts };
  } catch (error) {
    signal.throwIfAborted();
    return { ...judgeError(error), facts: [] };
  }
}

function judgeError(error: unknown): { verdict: Verdict; reason: string } {
  if (error instanceof Untried) return { verdict: 'not tried', reason: error.message };
  if (isFault(error)) return { verdict: 'failed', reason: error.message };
  return { verdict: 'bug', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function isFault(error: unknown): error is Error {
  return [ClaimFault, BuildFault, FormatFault, ProcessFailure, UsageFault].some(kind => error instanceof kind);
}

function described(
  claim: Claim,
  declaration: Declaration,
): Pick<ProvenClaim, 'name' | 'promise' | 'scenario' | 'tried'> {
  return { name: claim.name, promise: claim.promise(declaration), scenario: claim.scenario, tried: claim.tried };
}
