/** caisson diff: what two images, releases or lock files have that the other has not. Neither is written. */
import path from 'node:path';
import { compareSnapshots, type Difference, type Snapshot } from '../formats/difference.ts';
import { writeSynced } from '../engine/files.ts';
import { differenceHtml } from '../report/difference-html.ts';
import { differenceMarkdown } from '../report/difference-markdown.ts';
import { drawDifference } from '../report/difference.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { readLockSnapshot } from './diff/lock.ts';
import { readImageSnapshot } from './diff/snapshot.ts';
import { findTarget, type Target } from './diff/target.ts';
import { mustBeNew, withPartFolder } from './new-files.ts';
import { toolsTree } from './tools-tree.ts';

export interface DiffOptions {
  /** Image files, names of images that were built, folders of releases, or two lock files. */
  old: string;
  new: string;
  /** Output folder of builds. */
  out: string;
  /** New file; `-` is stdout. Null for none. */
  markdown: string | null;
  /** New file; null for none. */
  html: string | null;
  /** 1 when they differ, instead of 0. */
  exitCode: boolean;
}

/** Throws UsageFault for what is not there, cannot be read, or is of two kinds. */
export async function diff(context: CommandContext, options: DiffOptions): Promise<ExitCode> {
  const { markdown, html, out } = options;
  if (context.json && markdown === '-')
    throw new UsageFault('--json and --markdown - both want stdout', 'name a file for the Markdown');
  if (html === '-') throw new UsageFault('--html - would be a page on stdout', 'name a file for the page');
  if (html !== null && markdown !== null && path.resolve(html) === path.resolve(markdown))
    throw new UsageFault(`--html and --markdown are both ${html}`, 'name two files');
  for (const file of [markdown, html]) if (file !== null && file !== '-') await mustBeNew(file, null);
  const difference = await readDifference(
    context,
    await findTarget(options.old, out),
    await findTarget(options.new, out),
  );
  if (html !== null) await writeNew(context, html, differenceHtml(difference));
  if (markdown === '-') context.print(differenceMarkdown(difference));
  else if (markdown !== null) await writeNew(context, markdown, differenceMarkdown(difference));
  if (context.json) context.print(`${JSON.stringify(difference, null, 2)}\n`);
  else if (markdown !== '-')
    context.print(`${drawDifference(difference, { ...context, width: context.width ?? 100 })}\n`);
  return options.exitCode && !difference.same ? 1 : 0;
}

async function readDifference(context: CommandContext, old: Target, next: Target): Promise<Difference> {
  if (old.kind === 'lock' && next.kind === 'lock')
    return compareSnapshots(await readLockSnapshot(old), await readLockSnapshot(next));
  if (old.kind === 'lock' || next.kind === 'lock')
    throw new UsageFault(
      `${old.name} is ${KINDS[old.kind]}, ${next.name} is ${KINDS[next.kind]}`,
      'name two images or releases, or two lock files',
    );
  const tools = await toolsTree(context, next.built ?? old.built);
  // Both at once: each waits for programs most of the time. When one fails the other ends first, and clears away.
  const both = await Promise.allSettled([old, next].map(each => readImageSnapshot(context, each, tools)));
  const [before, after] = both.map(settled);
  if (before === undefined || after === undefined) throw new Error('two were read');
  return compareSnapshots(before, after);
}

const KINDS = { lock: 'a lock file', image: 'an image' } as const;

function settled(result: PromiseSettledResult<Snapshot>): Snapshot {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

async function writeNew(context: CommandContext, file: string, text: string): Promise<void> {
  await withPartFolder(context, file, async ({ folder, publish }) => {
    const made = path.basename(file);
    await writeSynced(path.join(folder, made), text);
    await publish([{ made, target: file }]);
  });
}
