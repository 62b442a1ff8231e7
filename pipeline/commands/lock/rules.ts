/** What options of a command and a lock file allow each other; each fault is told before anything is fetched. */
import { stat } from 'node:fs/promises';
import { displayPath } from '../../config/diagnostic.ts';
import type { Project } from '../../config/project.ts';
import { isUrl } from '../../engine/locked-fetch.ts';
import { UsageFault } from '../context.ts';

/** A build takes newer packages only where no lock says which, and packages of a mirror only where one does. */
export function mustFitLock(
  { lock, image }: Pick<Project, 'lock' | 'image'>,
  { update, mirrors }: { update: boolean; mirrors: readonly string[] },
): void {
  if (lock !== null && update)
    throw new UsageFault(
      `${image.name} has a lock file (${displayPath(lock.file)}), so a build takes no newer packages`,
      `caisson lock ${lock.image} --update`,
    );
  if (lock === null && mirrors.length > 0)
    throw new UsageFault(
      `${image.name} has no lock file, and --mirror only has packages for one`,
      `caisson lock ${image.name}`,
    );
}

/** Told before anything is fetched: a mistyped folder would be a mirror that has nothing. */
export async function mustBeMirrors(places: readonly string[]): Promise<void> {
  for (const place of places) {
    if (isUrl(place) || (await stat(place).catch(() => null))?.isDirectory() === true) continue;
    throw new UsageFault(`--mirror ${place}: no such folder`, 'give a folder that `caisson mirror` made, or a URL');
  }
}
