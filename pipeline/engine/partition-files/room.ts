import { statfs } from 'node:fs/promises';
import { roundSize, type Bytes } from '../../formats/bytes.ts';
import { BuildFault } from '../fault.ts';

/** A sparse file can be longer than any disk. */
export async function mustFit(bytes: Bytes, { what, folder }: { what: string; folder: string }): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bytes <= bavail * bsize) return;
  throw new BuildFault(
    `${what} has ${roundSize(bytes)}, but ${folder} has room for ${roundSize(bavail * bsize)}`,
    'free some room, or name another folder',
  );
}
