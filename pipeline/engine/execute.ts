/** Walks a plan: a step starts when its inputs exist, at most `jobs` at once; what the store has is not built again. */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { roundSize } from '../formats/bytes.ts';
import type { Artifact, BuildContext, Facts } from '../stages/stage.ts';
import { stepContext, type ExecuteOptions } from './context.ts';
import { cacheFolders } from './environment.ts';
import { ProcessFailure } from './run.ts';
import { clearAbandoned } from './scratch.ts';
import { digestExtents, digestFile, findEntry, putEntry, syncFile, type Entry } from './store.ts';
import { timed } from './timed.ts';

export interface StepResult {
  artifact: Artifact;
  cached: boolean;
  seconds: number;
}

/** The state of each step before anything runs: what the store has. */
export async function lookAhead(
  plan: Plan,
  options: Pick<ExecuteOptions, 'environment' | 'out'>,
): Promise<Map<string, Entry | null>> {
  const { store } = cacheFolders(options.environment.cache);
  const rows = await Promise.all(
    plan.steps.map(async step => [step.id, await usable(step, store, options.out)] as const),
  );
  return new Map(rows.map(([id, found]) => [id, found?.entry ?? null]));
}

/**
 * Builds what is missing and returns every step's artifact, in plan order. The first failure stops what runs and is
 * thrown; what was complete by then stays in the store.
 */
export async function execute(plan: Plan, options: ExecuteOptions): Promise<Map<string, StepResult>> {
  const folders = cacheFolders(options.environment.cache);
  const scratch = path.join(folders.scratch, `build-${process.pid}`);
  await clearAbandoned(folders.scratch);
  await mkdir(scratch, { recursive: true });
  await mkdir(options.out, { recursive: true });
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const seats = seating(options.jobs);
  const running = new Map<string, Promise<StepResult>>();
  const start = async (step: PlannedStep): Promise<StepResult> => {
    const inputs = await awaitInputs(step, running);
    return seats(async () => {
      signal.throwIfAborted();
      try {
        return await runStep(plan, step, inputs, { ...options, signal, scratch });
      } catch (error) {
        // Before the seat is free: nothing new starts after a failure.
        stop.abort(error);
        throw error;
      }
    });
  };
  try {
    for (const step of plan.steps) {
      const result = start(step);
      // A failed step ends the others; each of them is awaited below, so that nothing is left running.
      result.catch(() => undefined);
      running.set(step.id, result);
    }
    const settled = await Promise.allSettled(running.values());
    if (options.signal.aborted) options.signal.throwIfAborted();
    if (signal.aborted) throw signal.reason;
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
    const results = new Map(await Promise.all([...running].map(async ([id, result]) => [id, await result] as const)));
    await rm(scratch, { recursive: true, force: true });
    return results;
  } catch (error) {
    // The command that failed is printed for pasting, so what it works on stays until the next build.
    if (!(error instanceof ProcessFailure)) await rm(scratch, { recursive: true, force: true });
    throw error;
  }
}

async function awaitInputs(
  step: PlannedStep,
  running: ReadonlyMap<string, Promise<StepResult>>,
): Promise<Record<string, Artifact>> {
  const rows = Object.entries(step.inputs).map(async ([name, id]) => {
    const result = await running.get(id);
    if (result === undefined) throw new Error(`${step.id} was planned before its input ${id}`);
    return [name, result.artifact] as const;
  });
  return Object.fromEntries(await Promise.all(rows));
}

async function runStep(
  plan: Plan,
  step: PlannedStep,
  inputs: Record<string, Artifact>,
  options: ExecuteOptions & { scratch: string },
): Promise<StepResult> {
  const { store } = cacheFolders(options.environment.cache);
  const found = await usable(step, store, options.out);
  if (found !== null) {
    options.emit({ type: 'reused', id: step.id, detail: roundSize(found.entry.bytes) });
    return { artifact: artifactOf(found.entry, found.file, step, inputs), cached: true, seconds: found.entry.seconds };
  }
  const { key } = step;
  if (key === null) throw new Error(`${step.id} has no key: something it needs was not resolved`);
  const start = performance.now();
  return timed({ id: step.id, summary: step.stage.summary }, options, async () => {
    const context = await stepContext(plan, step, inputs, options);
    const { facts, sha256, bytes } = await make(step, context, options.signal);
    const seconds = (performance.now() - start) / 1000;
    const published =
      step.publishes === null ? null : await publish(context.out, path.join(options.out, step.publishes));
    const entry: Entry = {
      key,
      step: step.id,
      stage: step.stage.name,
      image: plan.image.name,
      sha256,
      bytes,
      facts,
      seconds,
      published,
    };
    // The output folder may be in another file system than the store; the scratch folder never is.
    const stored = await putEntry(store, entry, published === null ? context.out : path.join(context.work, 'artifact'));
    await rm(context.work, { recursive: true, force: true });
    const file = published?.path ?? stored;
    if (published !== null) options.emit({ type: 'published', path: file, bytes, sha256 });
    return {
      value: { artifact: artifactOf(entry, file, step, inputs), cached: false, seconds },
      detail: roundSize(bytes),
    };
  });
}

/** What the stage makes, with its digest. Of what is to be published nothing half done is left in the output folder. */
async function make(
  step: PlannedStep,
  context: BuildContext,
  signal: AbortSignal,
): Promise<{ facts: Facts; sha256: string; bytes: number }> {
  try {
    const facts = await step.stage.build(step.resolved, context);
    // The disk writes what the processor reads once more.
    const [made] = await Promise.all([digest(step, context.out, facts, signal), syncFile(context.out)]);
    return { facts, ...made };
  } catch (error) {
    if (step.publishes !== null) await rm(context.out, { force: true });
    throw error;
  }
}

/** The store's entry for a step, when its artifact is where this build wants it. */
async function usable(step: PlannedStep, store: string, out: string): Promise<{ entry: Entry; file: string } | null> {
  const found = step.key === null ? null : await findEntry(store, step.key);
  if (found === null || step.publishes === null) return found;
  return found.file === path.join(out, step.publishes) ? found : null;
}

function artifactOf(entry: Entry, file: string, step: PlannedStep, inputs: Record<string, Artifact>): Artifact {
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

/** Synced, then renamed over what was there: the file is absent, the old one, or complete. */
async function publish(made: string, target: string): Promise<Entry['published']> {
  await syncFile(made);
  await rename(made, target);
  const { mtimeMs, ino } = await stat(target);
  return { path: target, mtimeMs, ino };
}

/** Of a sparse file only what is not a hole is read; a stage says so by its `extents`. Published: as sha256sum says. */
async function digest(
  step: PlannedStep,
  file: string,
  facts: Facts,
  signal: AbortSignal,
): Promise<{ sha256: string; bytes: number }> {
  const extents = Array.isArray(facts.extents) ? (facts.extents as [number, number][]) : null;
  const [first] = extents ?? [];
  const { size } = await stat(file);
  const whole = extents === null || (extents.length === 1 && first?.[0] === 0 && first[1] === size);
  return step.publishes !== null || whole ? digestFile(file, signal, extents) : digestExtents(file, signal, extents);
}

/** At most `count` at once, first come first served. */
function seating(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async work => {
    if (free > 0) free--;
    else await new Promise<void>(resolve => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
