/** The lock file of an image in a copy of a project, by what is in the cache. */
import { caisson } from './caisson.ts';

export async function makeLock(project: string, cache: string, image: string): Promise<void> {
  const made = await caisson(['lock', image, '--offline', '--plain'], { cwd: project, cache });
  if (made.exitCode !== 0) throw new Error(`no lock was made: ${made.stderr}`);
}
