/** caisson prove --tamper: flips random bits of an image, one at a time, and says what becomes of each. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { inspectImage } from '../../../disk/inspect.ts';
import { withImage, type DiskImage } from '../../../disk/read.ts';
import { makeScratch } from '../../../engine/cache.ts';
import { digestFile } from '../../../engine/digest.ts';
import { timed } from '../../../engine/timed.ts';
import type { Declaration } from '../../../formats/declaration.ts';
import { FormatFault } from '../../../formats/fault.ts';
import type { TamperBoot, TamperedBit, Tampering } from '../../../formats/tampering.ts';
import { drawTampering } from '../../../report/tampering.ts';
import type { BootOptions } from '../../../tamper/boot.ts';
import { runStratum, type StratumResult } from '../../../tamper/campaign.ts';
import { readStrata } from '../../../tamper/strata.ts';
import { startAsIs } from '../../../tamper/state.ts';
import { readSubject, type TamperSubject } from '../../../tamper/subject.ts';
import type { Stratum } from '../../../tamper/trial.ts';
import { type CommandContext, type ExitCode } from '../../context.ts';
import { manifestNames, namedToolsTree } from '../../tools-tree.ts';
import { accessTo } from '../image-facts.ts';
import { writeTampering } from '../reports.ts';
import { bootTampered } from './boots.ts';
import { checkRunner } from './tools.ts';

export interface TamperOptions {
  /** Host path of the image. */
  file: string;
  /** As the user named it. */
  image: string;
  /** Trials in each stratum. */
  trials: number;
  seed: number;
  /** Boots some of the trials; gives what came of each. Null for none. */
  boot: ((trials: readonly TamperedBit[], files: BootFiles) => Promise<TamperBoot[]>) | null;
}

/** What a boot needs to know of the image. */
export interface BootFiles {
  slots: BootOptions['slots'];
  scratch: string;
}

export interface ProveTamperingOptions {
  /** Host path of the image. */
  file: string;
  /** As the user named it. */
  image: string;
  /** Report file, without its ending. */
  place: string;
  trials: number;
  seed: number;
  /** How many trials are booted. */
  boot: number;
  declaration: Declaration;
  /** What names the firmware's keys; null: the image says which it needs. */
  secureBoot: string | null;
}

/** 0 when no wrong byte would go unnoticed and no program disagrees, else 1. */
export async function proveTampering(context: CommandContext, options: ProveTamperingOptions): Promise<ExitCode> {
  const { place, boot: count, declaration, secureBoot, ...campaign } = options;
  const boot: TamperOptions['boot'] = async (trials, { slots, scratch }) =>
    bootTampered(context, trials, { ...campaign, declaration, secureBoot, count, slots, scratch });
  const tampering = await tamperImage(context, { ...campaign, boot: count === 0 ? null : boot });
  await writeTampering(tampering, { place, emit: context.emit });
  context.print(context.json ? `${JSON.stringify(tampering)}\n` : `${drawTampering(tampering, context)}\n`);
  return tampering.passed ? 0 : 1;
}

/** Throws FormatFault for an image that is damaged before anything is flipped. */
async function tamperImage(context: CommandContext, options: TamperOptions): Promise<Tampering> {
  const { environment, signal } = context;
  const { file, seed, trials } = options;
  const start = performance.now();
  const scratch = await makeScratch(environment, 'tamper');
  try {
    const before = await digestFile(file, signal);
    const { results, boots, judging } = await withImage(file, async disk =>
      runAll(context, { ...options, disk, scratch }),
    );
    const after = await digestFile(file, signal);
    const failures = results.flatMap(each => each.failures);
    const disagreements = results.flatMap(each => each.disagreements);
    const same = before.sha256 === after.sha256;
    return {
      format: 1,
      file: { name: path.basename(file), bytes: before.bytes, sha256: before.sha256, sha256After: after.sha256 },
      seed,
      trials,
      passed: same && failures.length + disagreements.length === 0 && boots.every(({ fits }) => fits),
      seconds: seconds(performance.now() - start),
      trialsPerSecond: rate(results, judging),
      strata: results.map(each => each.stratum),
      repeated: repeatedBy(results),
      disagreements,
      failures,
      boots,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Running extends TamperOptions {
  disk: DiskImage;
  scratch: string;
}

async function runAll(
  context: CommandContext,
  { disk, scratch, ...options }: Running,
): Promise<{ results: StratumResult[]; boots: TamperBoot[]; judging: number }> {
  const { environment, signal, emit } = context;
  const { file, image, trials: count, seed, boot } = options;
  const tools = await namedToolsTree(context, await manifestNames(context, image));
  const access = { environment, tools, scratch, signal };
  const found = await inspectImage(disk, accessTo(disk, file, access));
  if (found.faults.length > 0)
    throw new FormatFault(`${file} is damaged already: ${found.faults.join('; ')}`, 'build it again, or copy it again');
  const subject = await readSubject(disk, found.partitions);
  const strata = await readStrata(subject);
  const run = checkRunner(disk, access);
  let repeating = 0;
  const start = performance.now();
  const results = await timed(
    { id: 'tamper', summary: `random bits of ${path.basename(file)}` },
    { emit, signal },
    async () => {
      const done: StratumResult[] = [];
      const total = strata.filter(({ unprotected }) => unprotected === '').length * count;
      let trials = 0;
      for (const stratum of strata)
        done.push(
          await runStratum(stratum, {
            count,
            seed,
            signal,
            repeat: async (check, flip) => {
              const from = performance.now();
              const said = await run(check, flip);
              repeating += performance.now() - from;
              return said;
            },
            onTrial: () => {
              trials += 1;
              if (trials % 50 === 0)
                emit({ type: 'progress', id: 'tamper', fraction: trials / total, detail: stratum.name });
            },
          }),
        );
      return { value: done, detail: detailOf(strata, trials) };
    },
  );
  const judging = performance.now() - start - repeating;
  const trials = results.flatMap(each => each.trials);
  const boots = boot === null ? [] : await boot(trials, { slots: await slotsOf(subject), scratch });
  return { results, boots, judging };
}

async function slotsOf(subject: TamperSubject): Promise<BootOptions['slots']> {
  const { slot } = await startAsIs(subject);
  return { first: slot ?? '', others: subject.filled.filter(each => each !== slot) };
}

function detailOf(strata: readonly Stratum[], trials: number): string {
  return `${trials} trials in ${strata.filter(({ unprotected }) => unprotected === '').length} strata`;
}

function repeatedBy(results: readonly StratumResult[]): Tampering['repeated'] {
  const sums = new Map<string, number>();
  for (const { repeated } of results)
    for (const [tool, trials] of repeated) sums.set(tool, (sums.get(tool) ?? 0) + trials);
  return [...sums].map(([tool, trials]) => ({ tool, trials })).sort((a, b) => (a.tool < b.tool ? -1 : 1));
}

function rate(results: readonly StratumResult[], milliseconds: number): number {
  const trials = results.reduce((sum, each) => sum + each.stratum.trials, 0);
  return Math.round((trials / Math.max(milliseconds, 1)) * 10_000) / 10;
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
