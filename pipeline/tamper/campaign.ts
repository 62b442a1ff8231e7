/** Trials of one stratum: drawn, judged, counted, and some of them repeated by an independent program. */
import { TAMPER_OUTCOMES, type TamperedBit, type TamperOutcome, type TamperStratum } from '../formats/tampering.ts';
import type { Check, ToolVerdict } from './check.ts';
import { bytesOf, drawFlips } from './draw.ts';
import { seededNumbers } from './random.ts';
import type { Flip, Judgement, Stratum } from './trial.ts';

export interface CampaignOptions {
  /** Trials in each stratum. */
  count: number;
  seed: number;
  signal: AbortSignal;
  /** Asks the program of a check about a copy with this bit flipped. */
  repeat(check: Check, flip: Flip): Promise<ToolVerdict>;
  onTrial(): void;
}

export interface StratumResult {
  stratum: TamperStratum;
  /** The first of them, to be booted. */
  trials: TamperedBit[];
  failures: TamperedBit[];
  disagreements: TamperedBit[];
  /** Trials by the program that repeated them. */
  repeated: Map<string, number>;
}

/** Of so many trials, one is repeated: 2 %. */
const REPEATED_OF = 50;
const MOST_KEPT = 1000;

/** Judges `count` seeded bits of a stratum; of an unprotected one none. */
export async function runStratum(stratum: Stratum, options: CampaignOptions): Promise<StratumResult> {
  const { count, seed, signal, onTrial } = options;
  const { name, places, unprotected } = stratum;
  const result = emptyResult(stratum);
  if (unprotected !== '') return result;
  const chosen = seededNumbers(seed, `repeated\0${name}`)(Math.min(REPEATED_OF, count));
  let [first, repeats]: [Comparable | null, number] = [null, 0];
  let index = -1;
  for (const { flip, place } of drawFlips({ name, places }, { count, seed })) {
    index += 1;
    signal.throwIfAborted();
    const judgement = await place.judge(flip);
    tally(result, { stratum: name, ...flip, outcome: judgement.outcome, why: judgement.why });
    onTrial();
    if (place.check === null || judgement.expect === null) continue;
    const comparable = { check: place.check, expect: judgement.expect, flip, judgement };
    first ??= comparable;
    if (index % REPEATED_OF !== chosen) continue;
    await compare(result, comparable, options);
    repeats += 1;
  }
  if (repeats === 0 && first !== null) await compare(result, first, options);
  result.stratum.reasons.sort((a, b) => b.trials - a.trials);
  return result;
}

interface Comparable {
  check: Check;
  expect: readonly ToolVerdict[];
  flip: Flip;
  judgement: Judgement;
}

async function compare(
  { stratum, disagreements, repeated }: StratumResult,
  { check, expect, flip, judgement }: Comparable,
  { repeat }: CampaignOptions,
): Promise<void> {
  const said = await repeat(check, flip);
  stratum.repeated += 1;
  repeated.set(check.tool, (repeated.get(check.tool) ?? 0) + 1);
  if (expect.includes(said)) return;
  const why = `${check.tool} says ${said}, we say ${expect.join(' or ')}: ${judgement.why}`;
  disagreements.push({ stratum: stratum.name, ...flip, outcome: judgement.outcome, why });
}

function tally({ stratum, trials, failures }: StratumResult, bit: TamperedBit): void {
  stratum.trials += 1;
  stratum.outcomes[bit.outcome] += 1;
  const known = stratum.reasons.find(({ outcome, why }) => outcome === bit.outcome && why === bit.why);
  if (known === undefined) stratum.reasons.push({ outcome: bit.outcome, why: bit.why, trials: 1 });
  else known.trials += 1;
  if (trials.length < MOST_KEPT) trials.push(bit);
  if (bit.outcome === 'failed') failures.push(bit);
}

function emptyResult({ name, places, unprotected }: Stratum): StratumResult {
  const outcomes = Object.fromEntries(TAMPER_OUTCOMES.map(each => [each, 0])) as Record<TamperOutcome, number>;
  return {
    stratum: { name, bytes: bytesOf(places), trials: 0, repeated: 0, outcomes, reasons: [], unprotected },
    trials: [],
    failures: [],
    disagreements: [],
    repeated: new Map(),
  };
}
