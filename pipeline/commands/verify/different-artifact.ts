/** Where a file of a release and the one that was built again differ: down to the bytes of a file in a partition. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { compareDisks } from '../../disk/compare.ts';
import { withImage, type DiskImage } from '../../disk/read.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { DifferentArtifact, DifferentPlace } from '../../formats/verification.ts';
import { contentOf } from '../image/place.ts';
import { openPartitionFiles } from '../image/partition-files.ts';
import { differentFiles } from './different-files.ts';
import { mustBeFile } from './release-folder.ts';
import type { Subject } from './subject.ts';

export async function differentArtifact(
  subject: Subject,
  { out, ...artifact }: Omit<DifferentArtifact, 'places'> & { out: string },
): Promise<DifferentArtifact> {
  const { name } = artifact;
  const readable = subject.disks.some(each => path.basename(each) === name) && artifact.rebuilt !== null;
  if (!readable) return { ...artifact, places: [] };
  const files = { released: subject.release.at(name), rebuilt: path.join(out, name) };
  const compared = async (): Promise<DifferentPlace[]> => {
    await mustBeFile(files.released);
    return withImage(files.released, async released =>
      withImage(files.rebuilt, async rebuilt => differentPlaces(subject, { released, rebuilt }, files)),
    );
  };
  const places = await compared().catch((error: unknown) => {
    // Of a damaged container no more is known than that it differs.
    if (error instanceof FormatFault) return [];
    throw error;
  });
  return { ...artifact, places };
}

async function differentPlaces(
  { context, tools, scratch }: Subject,
  images: { released: DiskImage; rebuilt: DiskImage },
  files: { released: string; rebuilt: string },
): Promise<DifferentPlace[]> {
  const { environment, signal, emit } = context;
  const places: DifferentPlace[] = [];
  for (const part of await compareDisks(images.released, images.rebuilt, signal)) {
    const { partition, start, differences } = part;
    const open = async (side: 'released' | 'rebuilt') => {
      const [image, file] = [images[side], files[side]];
      const content = partition === '' ? 'unknown' : await contentOf(image, part);
      if (typeof content === 'string' || content instanceof FormatFault) return null;
      const own = path.join(scratch, `${side}-${start}`);
      await mkdir(own, { recursive: true });
      const options = { file, filesystem: content.type, tools, environment, scratch: own, signal, emit };
      const tree = await openPartitionFiles(image, { ...part, name: partition }, options);
      return { tree, filesystem: content.type, scratch: own };
    };
    const [released, rebuilt] = [await open('released'), await open('rebuilt')];
    const found = released === null || rebuilt === null ? [] : await differentFiles({ released, rebuilt });
    places.push({ partition, start, ...differences, files: found });
  }
  return places;
}
