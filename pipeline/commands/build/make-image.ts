/** All steps of an image, one way for builds and releases: what is cached, who signs, what is fetched. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ConfigFault } from '../../config/diagnostic.ts';
import { execute, lookAhead, type StepResult } from '../../engine/execute.ts';
import { ensureAllFetched, ensureFetched } from '../../engine/packages.ts';
import type { Resolution } from '../../engine/resolve.ts';
import type { Plan, PlannedStep } from '../../plan/plan.ts';
import type { Signed } from '../../stages/stage.ts';
import { RuleFault } from '../../stages/tree/check-rules.ts';
import { budgetJudge, BudgetFault } from './budgets.ts';
import { buildPcrs, namedFirmware } from './pcrs.ts';
import { buildRecord, headroomIn } from './record.ts';
import type { CommandContext } from '../context.ts';
import type { PrepareOptions, Prepared } from './prepare.ts';
import type { LazySigner } from '../signing/signing.ts';

export interface MakeOptions extends Pick<PrepareOptions, 'offline' | 'mirrors'> {
  jobs: number;
  /** As in ExecuteOptions. */
  check: 'always' | 'changed';
  /** Host folder for what is published. */
  out: string;
  /** Who signs, for definitions that sign. */
  signerOf: (context: CommandContext, prepared: Prepared) => LazySigner;
}

export interface MadeImage {
  record: ReturnType<typeof buildRecord>;
  results: Map<string, StepResult>;
}

/** Makes every step of `prepared`, and what build.json tells of them. `out` is this command's alone. */
export async function makeImage(context: CommandContext, prepared: Prepared, options: MakeOptions): Promise<MadeImage> {
  const { environment } = context;
  const { plan, project, resolutions } = prepared;
  const { out } = options;
  // Told before anything is built, though it is for the end.
  const firmware = await namedFirmware(project);
  const results = await makeSteps(context, prepared, { ...options, plan });
  const published = plan.steps.flatMap(step =>
    step.publishes === null ? [] : [results.get(step.id)?.artifact.path ?? ''],
  );
  const pcrs = await buildPcrs(context, { firmware, tools: prepared.tools, files: published });
  return { record: buildRecord({ plan, project, results, resolutions, environment, out, pcrs }), results };
}

/** How near the image is to what partitions and budgets hold. */
export function tellOfRoom(
  { emit }: Pick<CommandContext, 'emit'>,
  { plan }: Pick<Prepared, 'plan'>,
  { record: { budgets }, results }: MadeImage,
): void {
  for (const each of headroomIn(plan, results)) emit({ type: 'headroom', ...each });
  if (budgets.length > 0) emit({ type: 'budgets', budgets });
}

/** Where build.json stands. */
export const recordOf = (out: string): string => path.join(out, 'build.json');

/** Where report.html stands. */
export const reportOf = (out: string): string => path.join(out, 'report.html');

async function removeRecords(out: string): Promise<void> {
  for (const file of [recordOf(out), reportOf(out)]) await rm(file, { force: true });
}

/** Makes the steps of `plan`, which are all those of `prepared` or some with all that they read. `out` is this command's alone. */
export async function makeSteps(
  context: CommandContext,
  prepared: Prepared,
  { plan, out, jobs, check, offline, mirrors, signerOf }: MakeOptions & { plan: Plan },
): Promise<Map<string, StepResult>> {
  const { environment, emit, signal } = context;
  const { resolutions, tools, programs } = prepared;
  const { lock } = prepared.project;
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
  const judge = budgetJudge(prepared.project, plan);
  for (const [id, { entry }] of ahead) if (entry !== null) judge.add(id, entry);
  const signer = signerOf(context, prepared);
  return signed(signer, { plan, missing }, async () => {
    judge.check();
    const options = { environment, emit, signal, update: false, offline, mirrors, lock };
    const fetch = async (resolution: Resolution): Promise<void> => ensureFetched(resolution, programs, options);
    const wanted = missing.flatMap(step => (step.sources === null ? [] : (resolutions[step.sources.name] ?? [])));
    await ensureAllFetched([...new Set(wanted)], programs, options);
    // build.json and report.html are there only when all that they tell of is.
    if (missing.some(step => step.publishes !== null)) await removeRecords(out);
    return execute(plan, {
      environment,
      tools,
      resolutions,
      fetch,
      judge(id, made) {
        judge.add(id, made);
        judge.check();
      },
      signer: signer.get,
      out,
      jobs,
      check,
      emit,
      signal,
    });
  }).catch(async (error: unknown) => {
    // An image that crosses a budget is none, though all its files may be there from before.
    if (error instanceof BudgetFault) await removeRecords(out);
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
