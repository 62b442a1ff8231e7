/** All that SHA256SUMS names is there, as it says, and nothing else is. */
import { lstat } from 'node:fs/promises';
import { digestFile } from '../../engine/digest.ts';
import { decodeSums } from '../../formats/release-files.ts';
import type { Findings } from './findings.ts';
import { releaseText } from './release-folder.ts';
import type { DocumentSubject } from './subject.ts';

export async function checkFiles({ context, release }: DocumentSubject): Promise<Findings> {
  const { names, found, at } = release;
  const listed = decodeSums(await releaseText(at(names.sums)));
  const faults: string[] = [];
  for (const { name, sha256 } of listed) {
    // A link may lead to what is not part of the release.
    const file = await lstat(at(name)).catch(() => null);
    if (file?.isFile() !== true) {
      faults.push(`${name} is missing${file === null ? '' : ': what is there is no regular file'}`);
      continue;
    }
    const digest = await digestFile(at(name), context.signal);
    if (digest.sha256 !== sha256)
      faults.push(`${name} has the SHA-256 ${digest.sha256}, and ${names.sums} says ${sha256}`);
  }
  const known = [names.sums, names.signature, ...listed.map(each => each.name)];
  for (const name of found) if (!known.includes(name)) faults.push(`${name} is not in ${names.sums}`);
  // No other check reads it.
  const kernelConfig = found.includes(names.kernelConfig) ? `; ${names.kernelConfig} by that alone` : '';
  return { evidence: `${listed.length} files, by their SHA-256${kernelConfig}`, faults };
}
