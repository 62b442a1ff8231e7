/** The disk is sound, and the one of build.json; every form of it holds the same bytes. */
import path from 'node:path';
import { compareDisks } from '../../disk/compare.ts';
import { withImage } from '../../disk/read.ts';
import type { Inspection } from '../../formats/inspection.ts';
import type { Findings } from './findings.ts';
import type { ReleaseRecord } from './release-record.ts';
import { mustBeFile } from './release-folder.ts';
import type { Subject } from './subject.ts';

export async function checkDisk({ context, release, disks, inspection }: Subject): Promise<Findings> {
  const [first, ...others] = disks;
  if (first === undefined) return null;
  for (const disk of disks) await mustBeFile(disk);
  const found = await inspection();
  const faults = [...found.faults, ...recordFaults(found, release.record)];
  for (const other of others) {
    const different = await withImage(first, async a =>
      withImage(other, async b => compareDisks(a, b, context.signal)),
    );
    for (const { partition, differences } of different)
      faults.push(
        `${path.basename(other)} differs from ${path.basename(first)} in ${differences.bytes} bytes of ${partition === '' ? 'what is around the partitions' : partition}`,
      );
  }
  const all = disks.map(each => path.basename(each)).join(', ');
  return { evidence: `${all}: table, ${found.partitions.length} partitions, their file systems`, faults };
}

/** Of the table. */
export function recordFaults(
  { gpt, partitions }: Pick<Inspection, 'gpt' | 'partitions'>,
  record: Pick<ReleaseRecord, 'diskGuid' | 'partitions'>,
): string[] {
  const faults: string[] = [];
  if (gpt !== null && gpt.diskGuid !== record.diskGuid)
    faults.push(`the disk is ${gpt.diskGuid}, that of build.json ${record.diskGuid ?? 'has no GUID'}`);
  for (const { name, start, size, uuid } of record.partitions) {
    const found = partitions.find(each => each.name === name);
    if (found === undefined) faults.push(`${name} is not on the disk`);
    else if (found.start !== start || found.size !== size || found.uuid !== uuid)
      faults.push(
        `${name} is at [${found.start}, ${found.end}) by the UUID ${found.uuid}; build.json says [${start}, ${start + size}) and ${uuid}`,
      );
  }
  const extra = partitions.filter(({ name }) => !record.partitions.some(each => each.name === name));
  return [...faults, ...extra.map(({ name }) => `${name} is on the disk, but not in build.json`)];
}
