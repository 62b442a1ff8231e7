/** One step: found in the store, or built under its lock and put there. */
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { roundSize, type Bytes } from '../formats/bytes.ts';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import type { Artifact, BuildContext, Facts } from '../stages/stage.ts';
import { stepContext, type ExecuteOptions } from './context.ts';
import { digestArtifact, type Digest } from './digest.ts';
import { cacheFolders } from './environment.ts';
import { sync } from './files.ts';
import { withLock } from './lock.ts';
import { CACHE_REMEDY, explainFullDisk, installedRoom, type Need } from './room.ts';
import { findEntry, putEntry, type Entry, type FindOptions, type Found } from './store.ts';
import { timed } from './timed.ts';

export interface StepResult {
  artifact: Artifact;
  cached: boolean;
  seconds: number;
}

type StepOptions = ExecuteOptions & { scratch: string };

/** What the store has for a step, where this build wants it. */
export async function findStep(
  step: PlannedStep,
  { environment, out, signal }: Pick<ExecuteOptions, 'environment' | 'out' | 'signal'>,
  check: FindOptions['check'],
): Promise<Found> {
  if (step.key === null) return { entry: null, file: null, fault: '' };
  const published = step.publishes === null ? null : path.join(out, step.publishes);
  return findEntry(cacheFolders(environment.cache).store, step.key, { published, check, signal });
}

/**
 * Builds a step whose inputs are complete. Another process that builds the same is waited for, and what it made is
 * taken. Throws what the stage throws; BuildFault when a disk is full.
 */
export async function buildStep(
  plan: Plan,
  step: PlannedStep,
  { inputs, options }: { inputs: Record<string, Artifact>; options: StepOptions },
): Promise<StepResult> {
  const { key } = step;
  if (key === null) throw new Error(`${step.id} has no key: something it needs was not resolved`);
  const { environment, emit, signal } = options;
  const lock = path.join(cacheFolders(environment.cache).locks, key);
  const onWait = (): void => emit({ type: 'waiting', id: step.id, detail: 'another build is making it' });
  try {
    return await withLock(lock, { environment, signal, onWait }, async () => {
      // Its bytes, not only its state: they may be what this step was found to be damaged by.
      const found = await findStep(step, options, 'always');
      if (found.entry === null) return build(plan, step, { key, inputs, options });
      options.judge(step.id, found.entry);
      emit({ type: 'reused', id: step.id, detail: roundSize(found.entry.bytes) });
      return reusedStep(step, found, inputs);
    });
  } catch (error) {
    throw await explainFullDisk(error, needOf(step, inputs, options));
  }
}

export function reusedStep(
  step: PlannedStep,
  { entry, file }: Extract<Found, { fault: null }>,
  inputs: Record<string, Artifact>,
): StepResult {
  return { artifact: artifactOf(entry, file, { step, inputs }), cached: true, seconds: entry.seconds };
}

async function build(
  plan: Plan,
  step: PlannedStep,
  { key, inputs, options }: { key: string; inputs: Record<string, Artifact>; options: StepOptions },
): Promise<StepResult> {
  const start = performance.now();
  return timed({ id: step.id, summary: step.stage.summary }, options, async () => {
    const context = await stepContext(plan, step, { inputs, options });
    const { facts, sha256, bytes } = await make(step, context, options);
    const seconds = (performance.now() - start) / 1000;
    const published = step.publishes === null ? null : path.join(options.out, step.publishes);
    if (published !== null) await rename(context.out, published);
    const entry: Entry = {
      key,
      parts: step.parts,
      step: step.id,
      stage: step.stage.name,
      image: plan.image.name,
      sha256,
      bytes,
      facts,
      seconds,
      published,
    };
    const { store } = cacheFolders(options.environment.cache);
    // The output folder may be in another file system than the store; the scratch folder never is.
    const stored = await putEntry(store, entry, published === null ? context.out : path.join(context.work, 'artifact'));
    await rm(context.work, { recursive: true, force: true });
    const file = published ?? stored;
    // What is not published is kept even so: it need not be made again once the limit is another.
    if (published === null) options.judge(step.id, { facts, bytes });
    if (published !== null) options.emit({ type: 'published', path: file, bytes, sha256 });
    return {
      value: { artifact: artifactOf(entry, file, { step, inputs }), cached: false, seconds },
      detail: roundSize(bytes),
    };
  });
}

/** What the stage makes, with its digest. Of what is to be published nothing half done is left in the output folder. */
async function make(
  step: PlannedStep,
  context: BuildContext,
  { judge, signal }: StepOptions,
): Promise<{ facts: Facts } & Digest> {
  try {
    const facts = await step.stage.build(step.resolved, context);
    // The disk writes what the processor reads once more.
    const [made] = await Promise.all([
      digestArtifact(context.out, { facts, published: step.publishes !== null }, signal),
      sync(context.out),
    ]);
    if (step.publishes !== null) judge(step.id, { facts, bytes: made.bytes });
    return { facts, ...made };
  } catch (error) {
    if (step.publishes !== null) await rm(context.out, { force: true });
    throw error;
  }
}

const LEAST_ROOM: Bytes = 16 * 2 ** 20;

/** What a stage does not say itself is taken to be twice what it reads: its artifact, and something on the way. */
function needOf(step: PlannedStep, inputs: Readonly<Record<string, Artifact>>, options: StepOptions): Need {
  const read = Object.values(inputs).reduce((sum, each) => sum + Number(each.facts.used ?? each.bytes), 0);
  const installed = step.sources === null ? 0 : installedRoom(options.resolutions[step.sources.name]?.packages ?? []);
  return {
    what: step.id,
    needed: step.stage.room?.(step.resolved, inputs) ?? Math.max(LEAST_ROOM, 2 * read + installed),
    unpacks: step.sources !== null,
    places: [
      { folder: options.environment.cache, remedy: CACHE_REMEDY },
      ...(step.publishes === null ? [] : [{ folder: options.out, remedy: 'name another output folder with --out' }]),
    ],
  };
}

function artifactOf(
  entry: Entry,
  file: string,
  { step, inputs }: { step: PlannedStep; inputs: Record<string, Artifact> },
): Artifact {
  return {
    id: step.id,
    key: entry.key,
    sha256: entry.sha256,
    bytes: entry.bytes,
    path: file,
    facts: entry.facts,
    inputs,
  };
}
