/** report.html: a build as a page for people, beside build.json. */
import { displayPath } from '../../config/diagnostic.ts';
import { replaceFile } from '../../engine/files.ts';
import type { StepResult } from '../../engine/execute.ts';
import type { BuildReport, ReportDisk, ReportStep } from '../../formats/build-report.ts';
import type { Bytes } from '../../formats/bytes.ts';
import { partitionTypeName } from '../../formats/guid.ts';
import { budgetsOf } from '../../plan/budgets.ts';
import { criticalPath } from '../../plan/critical-path.ts';
import type { Plan } from '../../plan/plan.ts';
import { buildHtml } from '../../report/build-html.ts';
import type { Facts } from '../../stages/stage.ts';
import { reportOf, type MadeImage } from './make-image.ts';
import type { Prepared } from './prepare.ts';
import { headroomIn, type BuildRecordInput } from './record.ts';
import type { Journal } from './report/journal.ts';
import { reportNotes } from './report/notes.ts';
import { reportPackages } from './report/packages.ts';
import { reportSigners, reportVerity } from './report/trust.ts';

export interface ReportInput extends Pick<MadeImage, 'record'>, Pick<BuildRecordInput, 'results'> {
  prepared: Pick<Prepared, 'project' | 'plan' | 'resolutions'>;
  journal: Pick<Journal, 'tasks' | 'warnings'>;
  /** Since the command began. */
  seconds: number;
  at: Date;
  jobs: number;
  /** Host folder. */
  out: string;
}

/** Returns the file. It has times, so it is no part of what is the same from build to build, and a release has none. */
export async function writeReport(input: ReportInput): Promise<string> {
  const file = reportOf(input.out);
  await replaceFile(file, buildHtml(await buildReport(input)));
  return file;
}

export async function buildReport({
  prepared: { project, plan, resolutions },
  record,
  results,
  journal,
  ...input
}: ReportInput): Promise<BuildReport> {
  const factsOf = (id: string): Facts => results.get(id)?.artifact.facts ?? {};
  const all = plan.steps.map(step => ({ step, facts: factsOf(step.id) }));
  const of = (stage: string): Facts => all.find(({ step }) => step.stage.name === stage)?.facts ?? {};
  const steps = plan.steps.map(step => reportStep(step, results.get(step.id), journal));
  const bundles = plan.steps.flatMap(step => (step.stage.name === 'bundle' ? (step.publishes ?? []) : []));
  const programs = all.flatMap(({ step, facts }) =>
    step.stage.name === 'sign' ? ((facts.signed ?? []) as string[]) : [],
  );
  const report = {
    image: plan.image.name,
    version: plan.image.version,
    summary: plan.image.summary,
    layout: plan.layout.name,
    at: input.at.toISOString().replace(/\.\d+Z$/, 'Z'),
    seconds: input.seconds,
    jobs: input.jobs,
    epoch: plan.image.epoch,
    kernel: (of('uki').kernel ?? '') as string,
    disk: reportDisk(plan, of('disk')),
    files: (record.artifacts as { path: string; bytes: Bytes; sha256: string }[]).map(({ path: name, ...each }) => ({
      name,
      bytes: each.bytes,
      sha256: each.sha256,
    })),
    steps,
    beside: journal.tasks.filter(({ id }) => !plan.steps.some(step => step.id === id)),
    critical: criticalPath(steps),
    packages: reportPackages({ plan, factsOf, resolutions }),
    largest: (all.find(({ facts }) => facts.largest !== undefined)?.facts.largest ?? []) as BuildReport['largest'],
    trust: {
      verifiedBoot: plan.image.verifiedBoot,
      verity: reportVerity(of('verity')),
      signers: await reportSigners(project, { programs, bundles }),
      pcrs: (record.pcrs ?? null) as BuildReport['trust']['pcrs'],
      profiles: (of('uki').profiles ?? []) as BuildReport['trust']['profiles'],
    },
    budgets: budgetsOf(plan, new Map([...results].map(([id, { artifact }]) => [id, artifact]))),
    headroom: headroomIn(plan, results),
    lock: project.lock === null ? '' : displayPath(project.lock.file),
  };
  const warnings = journal.warnings.map(each => ({ level: 'warning' as const, ...each }));
  return { ...report, warnings: [...warnings, ...reportNotes(report)] };
}

function reportStep(
  { id, stage, inputs }: Plan['steps'][number],
  result: StepResult | undefined,
  { tasks }: Pick<Journal, 'tasks'>,
): ReportStep {
  // What is reused never starts.
  const task = tasks.find(each => each.id === id);
  return {
    id,
    stage: stage.name,
    inputs: [...new Set(Object.values(inputs))],
    cached: result?.cached ?? false,
    startedAt: task?.startedAt ?? null,
    seconds: task?.seconds ?? result?.seconds ?? 0,
    bytes: result?.artifact.bytes ?? 0,
  };
}

function reportDisk({ layout }: Plan, facts: Facts): ReportDisk | null {
  if (facts.diskGuid === undefined) return null;
  const made = (facts.partitions ?? []) as { name: string; used: Bytes }[];
  return {
    size: Number(facts.size),
    sectorSize: layout.sectorSize,
    guid: facts.diskGuid as string,
    partitions: layout.partitions.map(({ number, name, start, end, type, filesystem, slot, mount, grow, filled }) => ({
      number,
      name,
      start,
      end,
      type,
      filesystem,
      slot,
      mount,
      grow,
      filled,
      typeName: partitionTypeName(type),
      used: made.find(each => each.name === name)?.used ?? 0,
    })),
  };
}
