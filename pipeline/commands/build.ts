/** caisson build: an image definition -> files in the output folder, and build.json that tells about them. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { buildRecord } from './build-record.ts';
import { execute, lookAhead } from '../engine/execute.ts';
import { ensureFetched } from '../engine/trees.ts';
import { replaceFile } from '../engine/store.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { prepare, type PrepareOptions } from './prepare.ts';

export interface BuildOptions extends PrepareOptions {
  jobs: number;
  /** Folder for the files; each image has one of its own below it. */
  out: string;
}

export async function build(context: CommandContext, options: BuildOptions): Promise<ExitCode> {
  const start = performance.now();
  const { environment, emit, signal } = context;
  const { plan, project, resolutions, tools, programs } = await prepare(context, options);
  const out = path.join(path.resolve(options.out), plan.image.name);
  const ahead = await lookAhead(plan, { environment, out });
  emit({
    type: 'planned',
    image: plan.image.name,
    version: plan.image.version,
    steps: plan.steps.map(step => ({
      id: step.id,
      summary: step.stage.summary,
      cached: ahead.get(step.id) !== null,
      why: '',
    })),
  });
  for (const step of plan.steps) {
    const resolution =
      step.sources === null || ahead.get(step.id) !== null ? undefined : resolutions[step.sources.name];
    if (resolution !== undefined)
      await ensureFetched(resolution, programs, { environment, emit, signal, update: false });
  }
  const record = path.join(out, 'build.json');
  // build.json is there only when all that it tells of is.
  if (![...ahead.values()].every(entry => entry !== null)) await rm(record, { force: true });
  const results = await execute(plan, { environment, tools, resolutions, out, jobs: options.jobs, emit, signal });
  const seconds = (performance.now() - start) / 1000;
  await replaceFile(
    record,
    `${JSON.stringify(buildRecord({ plan, project, results, resolutions, environment, out }), null, 2)}\n`,
  );
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
