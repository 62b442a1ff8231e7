/** caisson build: an image definition -> files in the output folder, and build.json and report.html that tell about them. */
import path from 'node:path';
import { withCache } from '../engine/cache.ts';
import { makeFolders, replaceFile } from '../engine/files.ts';
import { withLock } from '../engine/lock.ts';
import { timed } from '../engine/timed.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { makeImage, recordOf, tellOfRoom, type MakeOptions } from './build/make-image.ts';
import { writeReport } from './build/report.ts';
import { keepJournal, type Journal } from './build/report/journal.ts';
import { prepare, type PrepareOptions, type Prepared } from './build/prepare.ts';

/** `out`: each image has a folder of its own below it. */
export type BuildOptions = PrepareOptions & MakeOptions;

export async function build(context: CommandContext, options: BuildOptions): Promise<ExitCode> {
  const { told, ...telling } = journaled(context);
  return withPrepared(told, options, async (prepared, out) =>
    buildInto(told, out, { ...options, ...telling, prepared }),
  );
}

/** From here on what is emitted is kept too, for the report. */
export function journaled(context: CommandContext): { told: CommandContext } & Omit<Telling, 'prepared'> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  const journal = keepJournal(context.emit, seconds);
  return { told: { ...context, emit: journal.emit }, journal, seconds };
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
    await makeFolders(out);
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

export interface Telling {
  prepared: Prepared;
  journal: Journal;
  /** Since the command began. */
  seconds: () => number;
}

/** Builds what was prepared into `out`, which is this command\'s alone. */
export async function buildInto(
  context: CommandContext,
  out: string,
  { prepared, journal, seconds, ...options }: BuildOptions & Telling,
): Promise<ExitCode> {
  const { emit } = context;
  const { plan } = prepared;
  const { record, results } = await makeImage(context, prepared, { ...options, out });
  const took = seconds();
  await replaceFile(recordOf(out), `${JSON.stringify(record, null, 2)}\n`);
  const { jobs } = options;
  const report = await writeReport({ prepared, record, results, journal, seconds: took, at: new Date(), jobs, out });
  tellOfRoom(context, prepared, { record, results });
  const reused = [...results.values()].filter(each => each.cached).length;
  emit({
    type: 'built',
    image: plan.image.name,
    version: plan.image.version,
    seconds: took,
    built: results.size - reused,
    reused,
    report,
  });
  return 0;
}
