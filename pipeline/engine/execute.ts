/** Walks a plan: a step starts when its inputs exist, at most `jobs` at once; what the store has is not built again. */
import { rm } from 'node:fs/promises';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { roundSize } from '../formats/bytes.ts';
import type { Artifact } from '../stages/stage.ts';
import { makeScratch } from './cache.ts';
import type { ExecuteOptions } from './context.ts';
import { makeFolders } from './files.ts';
import { ProcessFailure } from './run.ts';
import { buildStep, findStep, reusedStep, type StepResult } from './step.ts';
import type { Found } from './store.ts';

export type { StepResult };

/** The state of each step before anything runs: what the store has, and what is wrong with what it has. */
export async function lookAhead(
  plan: Plan,
  options: Pick<ExecuteOptions, 'environment' | 'out' | 'signal'>,
): Promise<Map<string, Found>> {
  const rows = await Promise.all(
    plan.steps.map(async step => [step.id, await findStep(step, options, 'changed')] as const),
  );
  return new Map(rows);
}

/**
 * Builds what is missing and returns every step's artifact, in plan order. The first failure stops what runs and is
 * thrown; what was complete by then stays in the store. The caller holds the cache (withCache).
 */
export async function execute(plan: Plan, options: ExecuteOptions): Promise<Map<string, StepResult>> {
  options.signal.throwIfAborted();
  await makeFolders(options.out);
  const scratch = await makeScratch(options.environment, 'build');
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const walk = walkPlan(plan, { ...options, signal, scratch }, error => stop.abort(error));
  try {
    const running = plan.steps.map(step => walk.result(step.id));
    // A failed step ends the others; each of them is awaited, so that nothing is left running.
    const settled = await Promise.allSettled(running);
    await walk.idle();
    if (options.signal.aborted) options.signal.throwIfAborted();
    if (signal.aborted) throw signal.reason;
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
    const results = await Promise.all(
      plan.steps.map(async step => [step.id, await (walk.made.get(step.id) ?? walk.result(step.id))] as const),
    );
    await rm(scratch, { recursive: true, force: true });
    return new Map(results);
  } catch (error) {
    // The command that failed is printed for pasting, so what it works on stays until the next build.
    if (!(error instanceof ProcessFailure)) await rm(scratch, { recursive: true, force: true });
    throw error;
  }
}

type WalkOptions = ExecuteOptions & { scratch: string };

/**
 * Three questions of a step, each answered once. `result`: its artifact, from the store or made. `bytes`: the same,
 * after the digest of what came from the store was checked, for a step that reads it. `made`: those built here.
 */
function walkPlan(plan: Plan, options: WalkOptions, fail: (error: unknown) => void) {
  const seats = seating(options.jobs);
  const results = new Map<string, Promise<StepResult>>();
  const checked = new Map<string, Promise<StepResult>>();
  const made = new Map<string, Promise<StepResult>>();
  const stepOf = (id: string, reader: string): PlannedStep => {
    const index = plan.steps.findIndex(each => each.id === id);
    const step = plan.steps[index];
    if (step === undefined || index >= plan.steps.findIndex(each => each.id === reader))
      throw new Error(`${reader} was planned before its input ${id}`);
    return step;
  };

  const result = once(results, async step => {
    const found = await findStep(step, options, 'changed');
    if (found.entry === null) return make(step, found.fault);
    try {
      options.judge(step.id, found.entry);
    } catch (error) {
      fail(error);
      throw error;
    }
    const inputs = await inputsOf(step, result);
    options.emit({ type: 'reused', id: step.id, detail: roundSize(found.entry.bytes) });
    return reusedStep(step, found, inputs);
  });

  const bytes = once(checked, async step => {
    const reused = await result(step);
    // What its artifact points into is read along with it.
    if (step.stage.pointsIntoInputs === true) await inputsOf(step, bytes);
    if (!reused.cached) return reused;
    const found = await findStep(step, options, options.check);
    return found.entry === null ? make(step, found.fault) : reused;
  });

  const make = once(made, async (step, fault: string) => {
    if (fault !== '')
      options.emit({
        type: 'warning',
        message: `${step.id} in the store is damaged: ${fault}`,
        hint: 'it is built again',
      });
    const inputs = await inputsOf(step, bytes);
    const resolution = step.sources === null ? undefined : options.resolutions[step.sources.name];
    return seats(async () => {
      options.signal.throwIfAborted();
      try {
        if (fault !== '' && resolution !== undefined) await options.fetch(resolution);
        return await buildStep(plan, step, { inputs, options });
      } catch (error) {
        // Before the seat is free: nothing new starts after a failure.
        fail(error);
        throw error;
      }
    });
  });

  async function inputsOf(
    step: PlannedStep,
    ask: (step: PlannedStep) => Promise<StepResult>,
  ): Promise<Record<string, Artifact>> {
    const rows = Object.entries(step.inputs).map(
      async ([name, id]) => [name, (await ask(stepOf(id, step.id))).artifact] as const,
    );
    return Object.fromEntries(await Promise.all(rows));
  }

  return {
    made,
    result: (id: string) => {
      const step = plan.steps.find(each => each.id === id);
      if (step === undefined) throw new Error(`no step ${id}`);
      return result(step);
    },
    /** When nothing runs any more, also of what nobody awaits. */
    idle: () => Promise.allSettled([...results.values(), ...checked.values(), ...made.values()]),
  };
}

/** The same question about the same step has one answer, and is worked on once. */
function once<Rest extends unknown[]>(
  answers: Map<string, Promise<StepResult>>,
  work: (step: PlannedStep, ...rest: Rest) => Promise<StepResult>,
): (step: PlannedStep, ...rest: Rest) => Promise<StepResult> {
  return (step, ...rest) => {
    const known = answers.get(step.id);
    if (known !== undefined) return known;
    const answer = work(step, ...rest);
    answers.set(step.id, answer);
    return answer;
  };
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
