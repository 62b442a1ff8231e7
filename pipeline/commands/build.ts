/** caisson build: an image definition -> files in the output folder, and build.json that tells about them. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { withCache } from '../engine/cache.ts';
import { replaceFile } from '../engine/files.ts';
import { withLock } from '../engine/lock.ts';
import { timed } from '../engine/timed.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { makeImage, recordOf, tellOfRoom, type MakeOptions } from './make-image.ts';
import { prepare, type PrepareOptions, type Prepared } from './prepare.ts';

/** `out`: each image has a folder of its own below it. */
export type BuildOptions = PrepareOptions & MakeOptions;

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
  const { emit } = context;
  const { plan } = prepared;
  const { record, results } = await makeImage(context, prepared, { ...options, out });
  const seconds = (performance.now() - start) / 1000;
  await replaceFile(recordOf(out), `${JSON.stringify(record, null, 2)}\n`);
  tellOfRoom(context, prepared, { record, results });
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
