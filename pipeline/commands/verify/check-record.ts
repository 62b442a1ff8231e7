/** build.json tells of the files that are there. */
import path from 'node:path';
import { decodeSums } from '../../formats/release-files.ts';
import { count } from '../../report/text.ts';
import type { Findings } from './findings.ts';
import { releaseText } from './release-folder.ts';
import type { Subject } from './subject.ts';

export async function checkRecord({ release }: Subject): Promise<Findings> {
  const { names, record, at } = release;
  const listed = decodeSums(await releaseText(at(names.sums)));
  const faults = record.artifacts.flatMap(({ path: file, sha256 }) => {
    const name = path.basename(file);
    const entry = listed.find(each => each.name === name);
    if (entry === undefined) return [`${name} is in build.json, but not in ${names.sums}`];
    return entry.sha256 === sha256 ? [] : [`${name}: build.json says ${sha256}, ${names.sums} ${entry.sha256}`];
  });
  for (const name of [names.record, names.lock, names.provenance, names.sbom, names.mtree])
    if (!listed.some(each => each.name === name)) faults.push(`${names.sums} does not name ${name}`);
  return { evidence: `${count(record.artifacts.length, 'artifact')} of ${release.image} ${release.version}`, faults };
}
