/** Which commit a project is checked out at, and whether what was read is what that commit has. */
import { realpath } from 'node:fs/promises';
import { ProcessFailure, runProcess } from '../../engine/run.ts';
import type { Material } from '../../formats/provenance.ts';
import type { CommandContext } from '../context.ts';

export interface SourceOptions {
  /** Host path of the project. */
  folder: string;
  /** Caisson's own folder: what is read there need not be in the project's checkout. */
  home: string;
  /** Host paths of the files and folders that were read. */
  read: readonly string[];
}

/** Null, and a warning, where git knows no commit. */
export async function sourceMaterial(context: CommandContext, options: SourceOptions): Promise<Material | null> {
  const { environment, signal, emit } = context;
  const warn = (message: string, hint: string): void => emit({ type: 'warning', message, hint });
  const git: Git = async (...args) =>
    runProcess(['git', '-C', options.folder, ...FIXED, ...args], { env: variables(environment), signal });
  try {
    const commit = (await git('rev-parse', '--verify', 'HEAD')).trim();
    const modified = await isModified(git, options);
    if (modified)
      warn('the release is made of files that are not committed', 'commit them first: the provenance says so');
    return { name: 'git', digest: { gitCommit: commit }, ...(modified ? { annotations: { modified } } : {}) };
  } catch (error) {
    if (!(error instanceof ProcessFailure)) throw error;
    warn(`the provenance names no commit: ${error.output[0] ?? error.message}`, 'release from a git checkout');
    return null;
  }
}

type Git = (...args: string[]) => Promise<string>;

/** What git ignores goes into an image as what it knows does. git(1) knows nothing of what lies outside. */
async function isModified(git: Git, { read, home }: SourceOptions): Promise<boolean> {
  const top = await realpath((await git('rev-parse', '--show-toplevel')).replace(/\n$/, ''));
  const real = await Promise.all(read.map(async each => realpath(each)));
  const inside = real.filter(each => `${each}/`.startsWith(`${top}/`));
  const own = `${await realpath(home)}/`;
  if (real.some(each => !inside.includes(each) && !each.startsWith(own))) return true;
  const status = ['status', '--porcelain', '--untracked-files=all', '--ignored=matching', '--', ...inside];
  return (await git(...status)).trim() !== '';
}

/** No monitor is started, and a path is a path, whatever characters it has. */
const FIXED = ['--literal-pathspecs', '-c', 'core.fsmonitor=false'];

/** HOME for `safe.directory`, which says whose checkouts git may look at. */
function variables({ path: programs, inherited }: CommandContext['environment']): Record<string, string> {
  return { PATH: programs, LC_ALL: 'C', HOME: inherited.HOME ?? '/nonexistent', GIT_OPTIONAL_LOCKS: '0' };
}
