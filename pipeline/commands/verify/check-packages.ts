/** What was installed is what the lock file names. */
import { formatDiagnostic } from '../../config/diagnostic.ts';
import { parseLock, type Lock } from '../../config/lock.ts';
import { manifestNames } from '../tools-tree.ts';
import type { Findings } from './findings.ts';
import { releaseText } from './release-folder.ts';
import type { ReleaseRecord } from './release-record.ts';
import type { Subject } from './subject.ts';

export async function checkPackages({ context, release }: Subject): Promise<Findings> {
  const { names, record, at } = release;
  const { value: lock, faults: unread } = parseLock(await releaseText(at(names.lock)), names.lock);
  if (lock === null) return { evidence: names.lock, faults: unread.map(formatDiagnostic) };
  const { tools, vmTools } = await manifestNames(context, release.image);
  const faults = packageFaults(record.packages, lock.manifests, { lock: names.lock, tools: [tools, vmTools] });
  const count = Object.values(record.packages).reduce((sum, each) => sum + each.length, 0);
  return { evidence: `${count} packages, all of ${names.lock}`, faults };
}

/**
 * A lock has more packages than are installed: those that a manifest removes again. But every manifest of it is
 * installed, aside from `tools`: those of the programs that build.
 */
export function packageFaults(
  installed: ReleaseRecord['packages'],
  manifests: Lock['manifests'],
  names: { lock: string; tools: readonly string[] },
): string[] {
  const missing = Object.keys(manifests).filter(each => !names.tools.includes(each) && !Object.hasOwn(installed, each));
  const different = Object.entries(installed).flatMap(([manifest, packages]) => {
    const locked = Object.hasOwn(manifests, manifest) ? manifests[manifest]?.packages : undefined;
    if (locked === undefined) return [`${names.lock} has no packages of ${manifest}`];
    if (packages.length === 0) return [`build.json has no packages of ${manifest}`];
    return packages.flatMap(({ name, version, architecture }) => {
      const found = locked.find(each => each.name === name && each.architecture === architecture);
      if (found?.version === version) return [];
      return [`${name} ${version} of ${manifest} is installed, locked is ${found?.version ?? 'none'}`];
    });
  });
  return [...missing.map(each => `build.json has no packages of ${each}`), ...different];
}
