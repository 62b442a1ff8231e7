/** A machine on its way through scenarios: reached, claims tried, next one prepared. */
import { Untried, type Claim, type Scenario } from '../../claims/claim.ts';
import { timed } from '../../engine/timed.ts';
import type { GuestMachine } from '../../engine/machine/guest-machine.ts';
import type { ProvenBoot, ProvenClaim } from '../../formats/proof.ts';
import type { Emit } from '../../report/events.ts';
import { evidenceOf } from '../../report/proof.ts';
import { prepareClaims, tryClaims, unreached, type Trial } from './try-claims.ts';

export interface Leg {
  scenario: Scenario;
  /** One line for people. */
  summary: string;
  /** From the machine as the leg before left it (null at the start) to one that is ready. */
  reach(machine: GuestMachine | null): Promise<GuestMachine>;
}

export interface TrackOptions extends Omit<Trial, 'subject' | 'onProven'> {
  claims: readonly Claim[];
  /** Scenarios that are wanted; other legs are left out. */
  needed: readonly Scenario[];
  /** Claims of another track that look back at the first leg of this one. */
  watchers: readonly Claim[];
  subject: Omit<Trial['subject'], 'machine'>;
  emit: Emit;
}

export interface TrackResult {
  claims: ProvenClaim[];
  boots: ProvenBoot[];
}

/** Ends its machine, whatever happens. */
export async function runTrack(legs: readonly Leg[], options: TrackOptions): Promise<TrackResult> {
  const { needed, watchers } = options;
  const taken = legs.filter(each => needed.includes(each.scenario));
  const result: TrackResult = { claims: [], boots: [] };
  let machine: GuestMachine | null = null;
  try {
    for (const [index, leg] of taken.entries()) {
      const own = claimsOf(leg.scenario, options);
      const came = await runLeg(leg, { machine, own, options, result });
      if (came === null) {
        result.claims.push(...leftOver(taken.slice(index + 1), leg.scenario, options));
        return result;
      }
      machine = came;
      const next = taken[index + 1];
      const looking = [
        ...(index === 0 ? watchers : []),
        ...(next === undefined ? [] : claimsOf(next.scenario, options)),
      ];
      await prepareClaims(looking, { ...options, subject: { ...options.subject, machine } });
    }
    return result;
  } finally {
    await machine?.kill();
  }
}

/** The machine, or null when it did not come up: then its claims have failed. */
async function runLeg(
  { scenario, summary, reach }: Leg,
  {
    machine,
    own,
    options,
    result,
  }: { machine: GuestMachine | null; own: readonly Claim[]; options: TrackOptions; result: TrackResult },
): Promise<GuestMachine | null> {
  const { signal, emit, subject } = options;
  return timed({ id: scenario, summary }, { emit, signal }, async () => {
    let came: GuestMachine;
    try {
      came = await reach(machine);
    } catch (error) {
      signal.throwIfAborted();
      const outcome = outcomeOf(error);
      emit({ type: 'warning', message: `${scenario}: ${outcome.reason}`, hint: '' });
      result.claims.push(...own.map(each => unreached(each, subject.declaration, outcome)));
      await machine?.kill();
      return { value: null, detail: 'not ready' };
    }
    result.boots.push(bootOf(scenario, came));
    let done = 0;
    const proven = await tryClaims(own, {
      ...options,
      subject: { ...subject, machine: came },
      onProven: proven => {
        const { name, verdict } = proven;
        done += 1;
        if (verdict !== 'passed')
          emit({ type: 'warning', message: `${name}: ${verdict}: ${evidenceOf(proven)}`, hint: '' });
        emit({ type: 'progress', id: scenario, fraction: done / own.length, detail: `${name}: ${verdict}` });
      },
    }).catch(async (error: unknown) => {
      // Nobody but us knows of it yet.
      await came.kill();
      throw error;
    });
    result.claims.push(...proven);
    const passed = proven.filter(each => each.verdict === 'passed').length;
    return {
      value: came,
      detail: `ready in ${came.bootSeconds?.toFixed(1) ?? '?'} s, ${passed} of ${own.length} proven`,
    };
  });
}

function outcomeOf(error: unknown): { verdict: 'failed' | 'not tried'; reason: string } {
  if (error instanceof Untried) return { verdict: 'not tried', reason: error.message };
  return {
    verdict: 'failed',
    reason: `the machine was not ready: ${error instanceof Error ? error.message : String(error)}`,
  };
}

function leftOver(legs: readonly Leg[], last: Scenario, options: TrackOptions): ProvenClaim[] {
  const reason = `the machine did not come up for "${last}", which comes before`;
  return legs
    .flatMap(each => claimsOf(each.scenario, options))
    .map(each => unreached(each, options.subject.declaration, { verdict: 'not tried', reason }));
}

function claimsOf(scenario: Scenario, { claims }: TrackOptions): Claim[] {
  return claims.filter(each => each.scenario === scenario);
}

function bootOf(scenario: Scenario, { bootTimes }: GuestMachine): ProvenBoot {
  return {
    scenario,
    kernelSeconds: bootTimes.kernel,
    initSeconds: bootTimes.init,
    readySeconds: bootTimes.ready,
  };
}
