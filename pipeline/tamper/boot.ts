/** Some trials on a real machine: which ones, and whether it does what was judged. */
import type { GuestMachine, MachineRequest } from '../engine/machine/guest-machine.ts';
import type { TamperBoot, TamperedBit, TamperOutcome } from '../formats/tampering.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { seededNumbers } from './random.ts';

export interface BootOptions {
  /** Of the disk, as the image has it. */
  read: ReadAt;
  /** Slot that starts when nothing is damaged, and the others that could. */
  slots: { first: string; others: readonly string[] };
  /** All but the damage; the scratch folder of each machine is this one's name and a number. */
  request: Omit<MachineRequest, 'damage'>;
  /** Null: it was started, and did not come up. */
  start(request: MachineRequest): Promise<GuestMachine | null>;
  signal: AbortSignal;
}

/** What a booted trial showed. `slot` null: it did not come up. */
export interface Seen {
  slot: string | null;
  /** Blocks that the kernel corrected. */
  corrected: boolean;
  /** Lines of dm-verity about what it could not correct. */
  corrupted: boolean;
  /** The root is not verified. */
  unverified: boolean;
}

/** `caisson: slot A, root /dev/sda3`, with `, not verified` behind it. */
const STARTED = /caisson: slot (\w+), root \S+?(, not verified)?$/;
const CORRECTED = /verity-fec: .*FEC \d+: corrected \d+ errors/;
const CORRUPTED = /device-mapper: verity: .*(?:data|metadata) block \d+ is corrupted/;
/** Everything that would be read is: only then is a damaged block of the root noticed. */
const READ_ALL = 'cat /dev/mapper/root >/dev/null; dmesg';

/** Spread over the strata: one of each in a seeded order, then another of each; outcomes that show come first. */
export function pickBoots(
  trials: readonly TamperedBit[],
  { count, seed }: { count: number; seed: number },
): TamperedBit[] {
  const number = seededNumbers(seed, 'boots');
  const byStratum = new Map<string, TamperedBit[]>();
  for (const trial of trials) {
    const same = byStratum.get(trial.stratum) ?? [];
    same.push(trial);
    byStratum.set(trial.stratum, same);
  }
  const queues = [...byStratum.values()].map(each => shuffled(each, number).sort((a, b) => rank(a) - rank(b)));
  const picked: TamperedBit[] = [];
  for (let round = 0; picked.length < count && queues.some(each => each.length > round); round += 1) {
    const next = queues.flatMap(each => each.slice(round, round + 1));
    picked.push(...shuffled(next, number).sort((a, b) => waits(a) - waits(b)));
  }
  return picked.slice(0, count);
}

/**
 * Boots each trial's image with its bit flipped, one after the other. A machine that does not come up is an answer; one that
 * could not be started is an error, and says nothing of the bit.
 */
export async function bootTrials(trials: readonly TamperedBit[], options: BootOptions): Promise<TamperBoot[]> {
  const boots: TamperBoot[] = [];
  for (const [index, trial] of trials.entries()) {
    options.signal.throwIfAborted();
    const start = performance.now();
    const seen = await bootTrial(trial, { ...options, folder: `${options.request.scratch}-${index + 1}` });
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    boots.push({ ...trial, seen: describe(seen), fits: fitsOutcome(trial.outcome, seen, options.slots), seconds });
  }
  return boots;
}

/** Does the machine do what was judged? A root that is not verified never fits, unless that was judged. */
export function fitsOutcome(
  outcome: TamperOutcome,
  { slot, corrupted, unverified }: Seen,
  { first, others }: BootOptions['slots'],
): boolean {
  if (unverified) return outcome === 'unprotected';
  // What is harmless, corrected, or taken from another copy of the same thing.
  if (outcome === 'harmless' || outcome === 'corrected') return slot === first && !corrupted;
  if (outcome === 'fell back') return slot !== null && [first, ...others].includes(slot);
  if (outcome === 'refused') return slot === null;
  return outcome === 'unprotected';
}

/** `folder`: scratch of this machine alone, since layers that are there would be used again. */
async function bootTrial({ offset, bit }: TamperedBit, options: BootOptions & { folder: string }): Promise<Seen> {
  const { read, request, start, signal, folder } = options;
  const [byte = 0] = await read(offset, 1);
  const damage = [{ start: offset, bytes: Uint8Array.of(byte ^ (1 << bit)) }];
  const machine = await start({ ...request, scratch: folder, damage });
  if (machine === null) return NOT_UP;
  try {
    const said = request.login ? (await machine.sh(READ_ALL)).stdout.split('\n') : [];
    return seenIn([...machine.console, ...said]);
  } catch {
    // dm-verity restarts a machine that reads a damaged block, and the connection goes with it.
    signal.throwIfAborted();
    return NOT_UP;
  } finally {
    await machine.kill();
  }
}

const NOT_UP: Seen = { slot: null, corrected: false, corrupted: false, unverified: false };

function seenIn(lines: readonly string[]): Seen {
  const started = STARTED.exec(lines.findLast(line => STARTED.test(line)) ?? '');
  return {
    slot: started?.[1] ?? null,
    corrected: lines.some(line => CORRECTED.test(line)),
    corrupted: lines.some(line => CORRUPTED.test(line)) && !lines.some(line => CORRECTED.test(line)),
    unverified: started?.[2] !== undefined,
  };
}

function describe({ slot, corrected, corrupted, unverified }: Seen): string {
  if (slot === null) return 'it did not come up';
  const notes = [
    ...(corrected ? ['dm-verity corrected what was damaged'] : []),
    ...(corrupted ? ['dm-verity met a damaged block'] : []),
    ...(unverified ? ['its root is not verified'] : []),
  ];
  return [`slot ${slot} came up`, ...notes].join(', ');
}

/** A machine that must not come up is waited for until its time is over: those come last. */
function waits({ outcome }: TamperedBit): number {
  return outcome === 'refused' ? 1 : 0;
}

function rank({ outcome }: TamperedBit): number {
  return ['corrected', 'fell back', 'harmless', 'unprotected', 'refused'].indexOf(outcome);
}

function shuffled<T>(all: readonly T[], number: (below: number) => number): T[] {
  const left = [...all];
  return all.map(() => left.splice(number(left.length), 1)).flat();
}
