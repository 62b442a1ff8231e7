import { readErofs } from '../../formats/erofs-folder.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { Inode } from '../../formats/inode.ts';
import type { Programs } from './programs.ts';
import type { OpenReader } from './reader.ts';

/** erofs: folders by our own decoder, from the image itself; contents by dump.erofs(1), by inode number. */
export const openErofs: OpenReader = async ({ read }, programs) => {
  const { root, children } = await named(programs, () => readErofs(read));
  return {
    root: String(root),
    caseless: false,
    children: async folders => {
      const all: Inode[][] = [];
      for (const folder of folders) all.push(await named(programs, () => children(Number(folder))));
      return all;
    },
    extract: async (file, target) =>
      programs.write((image, offset) => ['dump.erofs', `--offset=${offset}`, '--cat', `--nid=${file.id}`, image], {
        target,
        limit: file.bytes,
      }),
    unpack: {
      argv: (image, offset, folder) => [
        'fsck.erofs',
        `--offset=${offset}`,
        '--no-preserve',
        '--overwrite',
        `--extract=${folder}`,
        image,
      ],
      ends: [0],
    },
  };
};

/** A decoder does not know which partition it reads. */
async function named<T>(programs: Programs, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FormatFault ? programs.fault('Caisson', error.message) : error;
  }
}
