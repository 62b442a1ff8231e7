/** What stands where on the disk of an image, for claims that damage it. */
import type { DiskParts } from '../../claims/disk-parts.ts';
import { inspectImage } from '../../disk/inspect.ts';
import type { DiskImage } from '../../disk/read.ts';
import { readSubject, type TamperSubject } from '../../tamper/subject.ts';
import { readableRoots } from '../../tamper/verified-root.ts';
import type { ToolsOptions } from './ask-tool.ts';
import { accessTo } from './image-facts.ts';

/** The image stays open for as long as `read` is used. */
export async function diskParts(
  image: DiskImage,
  { file, ...options }: ToolsOptions & { file: string },
): Promise<DiskParts> {
  const { partitions } = await inspectImage(image, accessTo(image, file, options));
  return partsOf(await readSubject(image, partitions));
}

function partsOf(subject: TamperSubject): DiskParts {
  return {
    read: subject.read,
    partitions: subject.partitions,
    files: subject.boots.flatMap(({ partition, layout }) =>
      layout.files.map(({ path, extents }) => ({
        path,
        partition: partition.name,
        slot: partition.slot,
        extents: extents.map(each => ({ start: partition.start + each.start, end: partition.start + each.end })),
      })),
    ),
    roots: readableRoots(subject).map(({ partition, verity: { offset, tree, fec } }) => ({
      partition: partition.name,
      slot: partition.slot,
      data: { start: partition.start, end: partition.start + offset },
      tree: { start: partition.start + offset, end: partition.start + tree.end },
      fec: { start: partition.start + tree.end, end: partition.start + (fec?.end ?? tree.end) },
    })),
  };
}
