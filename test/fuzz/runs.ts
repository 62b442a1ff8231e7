/**
 * How often hostile input is tried, and which: CAISSON_FUZZ times a property (2,000), from the seed CAISSON_FUZZ_SEED (always
 * the same). fast-check prints seed and path of what failed.
 */
export const RUNS = numberOf('CAISSON_FUZZ', 2000);
const SEED = numberOf('CAISSON_FUZZ_SEED', 20_261_127);

/** In ms: what takes longer for one input hangs. Far above what the slowest takes on a busy machine. */
const HANG = 10_000;

/** Parameters for fc.assert; `share` of all runs for what takes longer. */
export function runs(share = 1): { numRuns: number; seed: number; timeout: number } {
  return { numRuns: Math.max(1, Math.round(RUNS * share)), seed: SEED, timeout: HANG };
}

/** For the test as a whole, in ms: several times what its runs take on a busy machine. */
export const PATIENCE = 60_000 + RUNS * 60;

function numberOf(name: string, otherwise: number): number {
  const text = process.env[name] ?? '';
  if (text === '') return otherwise;
  if (!/^[0-9]{1,9}$/.test(text)) throw new Error(`${name}=${text} is no number`);
  return Number(text);
}
