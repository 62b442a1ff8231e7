/** SBOM and list of files say what is in the image, by its own bytes. */
import { formatDiagnostic } from '../../config/diagnostic.ts';
import { parseLock } from '../../config/lock.ts';
import { checkSbom } from '../release/sbom.ts';
import type { Findings } from './findings.ts';
import { releaseText } from './release-folder.ts';
import type { Subject } from './subject.ts';

export async function checkContents({ release, contents }: Subject): Promise<Findings> {
  const { names, record, found, at } = release;
  if (!found.includes(names.sbom) && !found.includes(names.mtree)) return null;
  const [sbom, mtree] = [await releaseText(at(names.sbom)), await releaseText(at(names.mtree))];
  const { value: lock, faults: unread } = parseLock(await releaseText(at(names.lock)), names.lock);
  if (lock === null) return { evidence: names.lock, faults: unread.map(formatDiagnostic) };
  const image = await contents();
  const faults = checkSbom(sbom, { contents: image, packages: record.packages, lock, mtree });
  const { files, partition } = image.root ?? { files: [], partition: 'no root' };
  return { evidence: `${files.length} files of ${partition}, by ${names.sbom} and ${names.mtree}`, faults };
}
