/** caisson lock: which packages every manifest of an image means, resolved and written down for all builds to come. */
import path from 'node:path';
import { displayPath, formatDiagnostic } from '../config/diagnostic.ts';
import { loadLock, lockFile, lockText, type Lock } from '../config/lock.ts';
import { suggest } from '../config/nearest.ts';
import { exists } from '../config/places.ts';
import { withCache } from '../engine/cache.ts';
import { makeFolders, replaceFile } from '../engine/files.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { lockChanges, type LockChange } from './lock/changes.ts';
import { lockedManifests, type Update } from './lock/manifests.ts';
import { drawChanges } from './lock/report.ts';
import { mustBeMirrors } from './lock/rules.ts';
import { loadUnlockedImage, type LoadedProject } from './build/prepare.ts';

export interface LockOptions {
  image: string;
  sets: readonly string[];
  update: Update;
  /** Only say what would change. */
  diff: boolean;
  /** Take what the last builds were told, and ask nobody. */
  offline: boolean;
  /** Folders and URLs that are asked for packages of the old lock file first. */
  mirrors: readonly string[];
}

/** Throws UsageFault for packages to update that the lock does not have, PackageFault for those that the mirrors lack. */
export async function lock(context: CommandContext, options: LockOptions): Promise<ExitCode> {
  return withCache(context, async (): Promise<ExitCode> => {
    const { image, sets } = options;
    await mustBeMirrors(options.mirrors);
    const project = await loadUnlockedImage(context, { image, sets, formats: [], compress: 'none', bundle: false });
    const file = lockFileOf(project);
    const before = await lockThere(context, file);
    mustHave(before, options.update);
    const manifests = await lockedManifests(context, { ...options, project, before });
    const after: Lock = { image: path.basename(project.image.file, '.yaml'), file, manifests };
    const changes = lockChanges(before, after);
    const isCurrent = before !== null && lockText(before) === lockText(after);
    if (!isCurrent && !options.diff) {
      await makeFolders(path.dirname(file));
      await replaceFile(file, lockText(after));
    }
    const state = isCurrent ? 'current' : options.diff ? 'would change' : 'written';
    tell(context, { before, after, changes, state });
    return 0;
  });
}

/** Where the lock file of an image is, there or not. */
export function lockFileOf(project: LoadedProject): string {
  return lockFile(project.folder, path.basename(project.image.file, '.yaml'));
}

/** Null when there is none, or when nothing of it can be believed. */
async function lockThere(context: CommandContext, file: string): Promise<Lock | null> {
  if (!(await exists(file))) return null;
  const { value, faults } = await loadLock(file);
  const [fault] = faults;
  if (fault !== undefined)
    context.emit({
      type: 'warning',
      message: formatDiagnostic({ position: fault.position, path: fault.path, message: fault.message }),
      hint: 'nothing of it is kept',
    });
  return value;
}

function mustHave(before: Lock | null, update: Update): void {
  if (typeof update === 'string') return;
  const known = Object.values(before?.manifests ?? {}).flatMap(each => each.packages.map(({ name }) => name));
  const unknown = update.find(each => !known.includes(each));
  if (unknown === undefined) return;
  if (before === null) throw new UsageFault('there is no lock file yet', 'leave out the names: everything is new');
  throw new UsageFault(`the lock file has no package "${unknown}"`, suggest(unknown, known));
}

function tell(
  context: CommandContext,
  {
    before,
    after,
    changes,
    state,
  }: {
    before: Lock | null;
    after: Lock;
    changes: readonly LockChange[];
    state: 'current' | 'would change' | 'written';
  },
): void {
  const file = displayPath(after.file);
  const counts = Object.entries(after.manifests).map(([name, each]) => [name, each.packages.length] as const);
  if (context.json) {
    context.print(
      `${JSON.stringify({ image: after.image, file, state, packages: Object.fromEntries(counts), changes }, null, 2)}\n`,
    );
    return;
  }
  const summary = counts.map(([name, number]) => `${name} ${number}`).join(', ');
  if (before !== null && changes.length > 0) context.print(`${drawChanges(changes, context)}\n\n`);
  const verdict = { current: 'is current', written: 'was written', 'would change': 'would change' }[state];
  context.print(`${file} ${verdict}. Packages: ${summary}.\n`);
}
