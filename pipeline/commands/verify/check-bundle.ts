/** The update is one that machines with this image take, and it writes what the slots of this image have. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { differentRanges } from '../../disk/compare.ts';
import { withImage, type DiskImage } from '../../disk/read.ts';
import { WINDOW } from '../../disk/windows.ts';
import { FormatFault } from '../../formats/fault.ts';
import { openBundle, type OpenBundle } from '../bundle/open-bundle.ts';
import { openPartitionFiles } from '../image/partition-files.ts';
import { withFile } from '../read-file.ts';
import type { Findings } from './findings.ts';
import { deltaFaults } from './delta-faults.ts';
import { mustBeFile } from './release-folder.ts';
import { diskOf, type Subject } from './subject.ts';

const KEYRING = '/usr/lib/caisson/update-keyring.pem';

export async function checkBundle(subject: Subject): Promise<Findings> {
  const { context, release, tools, scratch, disks } = subject;
  const { names, record, found, at } = release;
  const deltas = found.filter(each => each.endsWith('.raucb') && each !== names.bundle);
  if (record.bundle === null && !found.includes(names.bundle) && deltas.length === 0) return null;
  await mustBeFile(at(names.bundle));
  const { environment, signal } = context;
  return withImage(await diskOf(disks), async image => {
    const keyring = await keyringIn(subject, image);
    const options = { environment, tools, work: scratch, epoch: record.epoch, signal };
    const bundle = await openBundle(at(names.bundle), { folder: 'bundle', keyring }, options);
    try {
      const faults = await contentFaults(subject, image, bundle);
      if (bundle.version !== record.version) faults.push(`it is of version ${bundle.version}`);
      if (bundle.rootHash !== record.rootHash)
        faults.push(`it brings the root hash ${bundle.rootHash || 'of nothing'}`);
      for (const name of deltas) faults.push(...(await deltaFaults(name, { release, full: bundle, keyring, options })));
      const contents = bundle.images.map(each => each.content).join(', ');
      return {
        evidence: `${contents} as the slots have them, signed for the keyring of the image${deltas.length === 0 ? '' : `; ${deltas.join(', ')}`}`,
        faults,
      };
    } finally {
      await rm(bundle.files, { recursive: true, force: true });
    }
  });
}

/** As machines have it. */
async function keyringIn({ context, tools, scratch, disks, inspection }: Subject, image: DiskImage): Promise<string> {
  const { environment, signal } = context;
  const root = (await inspection()).partitions.find(each => /^root-(?!.*verity)/.test(each.typeName ?? ''));
  if (root?.filesystem == null) throw new FormatFault('no root of the image can be read', 'fetch the release again');
  const options = { file: await diskOf(disks), filesystem: root.filesystem.type, tools, environment, scratch, signal };
  const target = path.join(scratch, 'keyring.pem');
  await (await openPartitionFiles(image, root, options)).extract(KEYRING, target);
  return readFile(target, 'utf8');
}

async function contentFaults({ release }: Subject, image: DiskImage, bundle: OpenBundle): Promise<string[]> {
  const faults: string[] = [];
  const selector = release.record.bundle?.selector ?? null;
  if ((selector === null) !== (bundle.selector === null))
    faults.push(
      selector === null ? 'it brings a selector, build.json tells of none' : 'it does not bring the selector',
    );
  const brought = [
    ...bundle.images,
    ...(selector === null || bundle.selector === null ? [] : [{ ...bundle.selector, content: selector.content }]),
  ];
  for (const { content, file } of brought) {
    const slots = release.record.partitions.filter(each => each.content === content && each.used > 0);
    if (slots.length === 0) faults.push(`it brings "${content}", which no partition of the image has`);
    for (const slot of slots) {
      const { at, size } = await firstDifference(image, path.join(bundle.files, file), slot.start);
      if (size < slot.used) faults.push(`its ${content} has ${size} bytes, ${slot.name} uses ${slot.used}`);
      if (at !== null) faults.push(`its ${content} differs from ${slot.name}, from byte ${at} on`);
    }
  }
  return faults;
}

/** `at`: from the start of the file; null where the disk has the same from `start` on. */
async function firstDifference(
  image: DiskImage,
  file: string,
  start: number,
): Promise<{ at: number | null; size: number }> {
  return withFile(file, async (read, size) => {
    for (let at = 0; at < size; at += WINDOW) {
      const length = Math.min(WINDOW, size - at);
      const [a, b] = [await image.read(start + at, length), await read(at, length)];
      for (const range of differentRanges(a, b)) return { at: at + range.start, size };
    }
    return { at: null, size };
  });
}
