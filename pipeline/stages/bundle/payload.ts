/** The images of a bundle, as files of its squashfs. */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { Bytes } from '../../formats/bytes.ts';
import type { BundleFile } from '../../formats/bundle-manifest.ts';
import type { Artifact, BuildContext } from '../stage.ts';

/** In `work`. */
export const PAYLOAD = 'payload';

/** Puts what is wired to each content, and to the selector, into the folder PAYLOAD; the selector last. */
export async function payload(
  { contents, selector }: { contents: readonly string[]; selector: string },
  { inputs, work, signal }: Pick<BuildContext<'*'>, 'inputs' | 'work' | 'signal'>,
): Promise<BundleFile[]> {
  await mkdir(path.join(work, PAYLOAD));
  const files: BundleFile[] = [];
  for (const content of selector === '' ? contents : [...contents, selector]) {
    const artifact = inputs[content as '*'];
    if (artifact === undefined) throw new Error(`no input ${content}`);
    const file = content === selector ? 'selector.img' : `${content}.img`;
    const copy = path.join(work, PAYLOAD, file);
    await copyFile(artifact.path, copy, constants.COPYFILE_FICLONE);
    const bytes = usedEnd(artifact);
    await truncate(copy, bytes);
    // Not what the umask made of it: the squashfs tells of modes.
    await chmod(copy, 0o644);
    files.push({ content, file, sha256: await sha256Of(copy, signal), bytes });
  }
  return files;
}

const BLOCK: Bytes = 4096;

/** Behind the last extent that holds anything: a FAT is as long as its partition, and most of it is free. */
function usedEnd({ bytes, facts }: Artifact): Bytes {
  const extents = (facts.extents ?? [[0, bytes]]) as [Bytes, Bytes][];
  const end = extents.reduce((most, [start, length]) => Math.max(most, start + length), 0);
  return Math.min(Math.ceil(end / BLOCK) * BLOCK, bytes);
}

/** Of every byte: an artifact's own digest may leave out what is a hole (decision 0007). */
async function sha256Of(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { signal, highWaterMark: 2 ** 20 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}
