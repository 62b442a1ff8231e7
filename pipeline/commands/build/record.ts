/** build.json: what a build made, from what, and how. Not a stage: it tells of the run itself, so it is never cached. */
import path from 'node:path';
import type { Project } from '../../config/project.ts';
import type { Environment } from '../../engine/environment.ts';
import type { StepResult } from '../../engine/execute.ts';
import type { Resolution } from '../../engine/resolve.ts';
import type { PcrValues } from '../../formats/predicted-pcrs.ts';
import { budgetsOf, type Budget } from '../../plan/budgets.ts';
import { headroomOf, type Headroom } from '../../plan/headroom.ts';
import type { Plan } from '../../plan/plan.ts';

export interface BuildRecordInput {
  plan: Plan;
  project: Project;
  results: ReadonlyMap<string, StepResult>;
  resolutions: Readonly<Record<string, Resolution>>;
  environment: Environment;
  out: string;
  pcrs: PcrValues | null;
}

type RecordedBudget = Pick<Budget, 'name' | 'limit' | 'found'>;

/** Sizes and offsets in bytes, times in seconds; paths relative to build.json. */
export function buildRecord({
  plan,
  project,
  results,
  resolutions,
  environment,
  out,
  pcrs,
}: BuildRecordInput): Record<string, unknown> & { budgets: RecordedBudget[] } {
  const facts = (stage: string): Readonly<Record<string, unknown>> => {
    const step = plan.steps.find(each => each.stage.name === stage);
    return step === undefined ? {} : (results.get(step.id)?.artifact.facts ?? {});
  };
  const verity = facts('verity');
  const tools = resolutions[project.image.tools];
  return {
    image: plan.image.name,
    version: plan.image.version,
    epoch: plan.image.epoch,
    layout: plan.layout.name,
    rootHash: verity.rootHash ?? null,
    hashOffset: verity.hashOffset ?? null,
    fecOffset: verity.fecOffset ?? null,
    fecRoots: verity.fecRoots ?? null,
    kernel: facts('uki').kernel ?? null,
    profiles: facts('uki').profiles ?? [],
    pcrs,
    diskGuid: facts('disk').diskGuid ?? null,
    size: facts('disk').size ?? null,
    sectorSize: plan.layout.sectorSize,
    partitions: facts('disk').partitions ?? [],
    headroom: headroomIn(plan, results),
    budgets: budgetsIn(plan, results),
    bundle: plan.steps.some(each => each.stage.name === 'bundle') ? facts('bundle') : null,
    artifacts: plan.steps.flatMap(step => {
      const result = results.get(step.id);
      if (step.publishes === null || result === undefined) return [];
      const { path: file, bytes, sha256 } = result.artifact;
      return [{ name: step.id, path: path.relative(out, file), bytes, sha256 }];
    }),
    stages: plan.steps.map(step => {
      const result = results.get(step.id);
      return {
        id: step.id,
        stage: step.stage.name,
        key: step.key,
        parts: step.parts,
        sha256: result?.artifact.sha256,
        bytes: result?.artifact.bytes,
        cached: result?.cached,
        seconds: round(result?.seconds ?? 0),
      };
    }),
    packages: Object.fromEntries(
      plan.steps.flatMap(step =>
        step.sources === null ? [] : [[step.sources.name, results.get(step.id)?.artifact.facts.packages ?? []]],
      ),
    ),
    packageCount: plan.steps.reduce(
      (sum, step) =>
        sum + (step.sources === null ? 0 : ((results.get(step.id)?.artifact.facts.packages ?? []) as unknown[]).length),
      0,
    ),
    tools: Object.fromEntries((tools?.packages ?? []).map(each => [each.name, each.version])),
    uid: environment.uid,
    root: environment.root,
  };
}

/** Room in the slots, by what the disk says of its partitions. */
export function headroomIn(plan: Plan, results: BuildRecordInput['results']): Headroom[] {
  const disk = plan.steps.find(each => each.stage.name === 'disk');
  const facts = results.get(disk?.id ?? '')?.artifact.facts;
  const rows = (facts?.partitions ?? []) as { name: string; used: number }[];
  return headroomOf(plan.layout, Object.fromEntries(rows.map(each => [each.name, each.used])));
}

function budgetsIn(plan: Plan, results: BuildRecordInput['results']): RecordedBudget[] {
  const made = new Map([...results].map(([id, { artifact }]) => [id, artifact]));
  return budgetsOf(plan, made).map(({ name, limit, found }) => ({ name, limit, found }));
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
