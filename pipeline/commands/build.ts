/** caisson build: an image definition -> files in the output folder, and build.json that tells about them. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { buildPcrs, namedFirmware } from './build-pcrs.ts';
import { buildRecord, headroomIn } from './build-record.ts';
import { ConfigFault } from '../config/diagnostic.ts';
import { withCache } from '../engine/cache.ts';
import { execute, lookAhead, type StepResult } from '../engine/execute.ts';
import { replaceFile } from '../engine/files.ts';
import { withLock } from '../engine/lock.ts';
import { ensureFetched } from '../engine/packages.ts';
import type { Resolution } from '../engine/resolve.ts';
import { timed } from '../engine/timed.ts';
import type { Signed } from '../stages/stage.ts';
import { RuleFault } from '../stages/tree/check-rules.ts';
import type { CommandContext, ExitCode } from './context.ts';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { prepare, type PrepareOptions, type Prepared } from './prepare.ts';
import type { LazySigner } from './signing.ts';

export interface BuildOptions extends PrepareOptions {
  jobs: number;
  /** Folder for the files; each image has one of its own below it. */
  out: string;
  /** Who signs, for definitions that sign. */
  signerOf: (context: CommandContext, prepared: Prepared) => LazySigner;
}

export async function build(context: CommandContext, options: BuildOptions): Promise<ExitCode> {
  const start = performance.now();
  return withPrepared(context, options, async (prepared, out) =>
    buildInto(context, out, { ...options, prepared, start }),
  );
}

/** The plan, and the output folder, which nobody else writes to meanwhile. */
export async function withPrepared<T>(
  context: CommandContext,
  options: PrepareOptions & Pick<BuildOptions, 'out'>,
  work: (prepared: Prepared, out: string) => Promise<T>,
): Promise<T> {
  return withCache(context, async () => {
    const prepared = await prepare(context, options);
    const out = path.join(path.resolve(options.out), prepared.plan.image.name);
    await mkdir(out, { recursive: true });
    return alone(context, out, () => work(prepared, out));
  });
}

/** Two builds may not write the same files; the second waits, and then finds most of its steps done. */
async function alone<T>(context: CommandContext, out: string, work: () => Promise<T>): Promise<T> {
  let over = (): void => undefined;
  const onWait = (): void => {
    const task = { id: 'wait', summary: `another build writes to ${out}` };
    const waited = new Promise<void>(resolve => (over = resolve));
    timed(task, context, async () => ({ value: await waited, detail: 'it has ended' })).catch(() => undefined);
  };
  return withLock(path.join(out, '.lock'), { ...context, onWait }, async () => {
    over();
    return work();
  });
}

async function buildInto(
  context: CommandContext,
  out: string,
  { prepared, start, ...options }: BuildOptions & { prepared: Prepared; start: number },
): Promise<ExitCode> {
  const { environment, emit } = context;
  const { plan, project, resolutions } = prepared;
  // Told before anything is built, though it is for the end.
  const firmware = await namedFirmware(project);
  const results = await makeSteps(context, prepared, { ...options, plan, out });
  const published = plan.steps.flatMap(step =>
    step.publishes === null ? [] : [results.get(step.id)?.artifact.path ?? ''],
  );
  const pcrs = await buildPcrs(context, { firmware, tools: prepared.tools, files: published });
  const record = buildRecord({ plan, project, results, resolutions, environment, out, pcrs });
  const seconds = (performance.now() - start) / 1000;
  await replaceFile(recordOf(out), `${JSON.stringify(record, null, 2)}\n`);
  for (const each of headroomIn(plan, results)) emit({ type: 'headroom', ...each });
  const reused = [...results.values()].filter(each => each.cached).length;
  emit({
    type: 'built',
    image: plan.image.name,
    version: plan.image.version,
    seconds,
    built: results.size - reused,
    reused,
  });
  return 0;
}

const recordOf = (out: string): string => path.join(out, 'build.json');

/** Makes the steps of `plan`, which are all those of `prepared` or some with all that they read. `out` is this command's alone. */
export async function makeSteps(
  context: CommandContext,
  prepared: Prepared,
  {
    plan,
    out,
    jobs,
    offline,
    signerOf,
  }: Pick<BuildOptions, 'jobs' | 'offline' | 'signerOf'> & { plan: Plan; out: string },
): Promise<Map<string, StepResult>> {
  const { environment, emit, signal } = context;
  const { resolutions, tools, programs } = prepared;
  await clearParts(out);
  const ahead = await lookAhead(plan, { environment, out, signal });
  const missing = plan.steps.filter(step => ahead.get(step.id)?.entry === null);
  emit({
    type: 'planned',
    image: plan.image.name,
    version: plan.image.version,
    steps: plan.steps.map(step => ({
      id: step.id,
      summary: step.stage.summary,
      cached: !missing.includes(step),
      why: '',
    })),
  });
  const signer = signerOf(context, prepared);
  return signed(signer, { plan, missing }, async () => {
    const fetch = async (resolution: Resolution): Promise<void> =>
      ensureFetched(resolution, programs, { environment, emit, signal, update: false, offline });
    for (const step of missing) {
      const resolution = step.sources === null ? undefined : resolutions[step.sources.name];
      if (resolution !== undefined) await fetch(resolution);
    }
    // build.json is there only when all that it tells of is.
    if (missing.some(step => step.publishes !== null)) await rm(recordOf(out), { force: true });
    return execute(plan, { environment, tools, resolutions, fetch, signer: signer.get, out, jobs, emit, signal });
  }).catch((error: unknown) => {
    throw error instanceof RuleFault ? placedFault(error, prepared) : error;
  });
}

/** A key that cannot sign is told before anything is built. */
async function signed<T>(
  signer: LazySigner,
  { plan, missing }: { plan: Plan; missing: readonly PlannedStep[] },
  work: () => Promise<T>,
): Promise<T> {
  const signs = (steps: readonly PlannedStep[], what: Signed): boolean => steps.some(each => each.stage.signs === what);
  try {
    for (const what of ['programs', 'bundles'] as const) {
      if (signs(missing, what)) await signer.get(what);
      else if (signs(plan.steps, what)) await signer.check(what);
    }
    return await work();
  } finally {
    await signer.close();
  }
}

/** What only iptables could tell of the definition, at its place there. */
function placedFault({ path: place, message, hint }: RuleFault, { project }: Prepared): ConfigFault {
  return new ConfigFault([{ position: project.position(place), path: place, message, hint }]);
}

/** What killed builds began to write here: nobody else is at it now. */
async function clearParts(out: string): Promise<void> {
  for (const name of await readdir(out)) if (/^\..*\.part$/.test(name)) await rm(path.join(out, name), { force: true });
}
