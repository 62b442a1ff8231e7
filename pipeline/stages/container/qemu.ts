import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { writeRaw } from '../../disk/write.ts';
import type { DiskMap } from '../../formats/disk-map.ts';
import type { BuildContext } from '../stage.ts';
import { writeOptions } from './options.ts';

const SOURCE = 'disk';

/**
 * Makes `context.out` by qemu-img(1): from a sparse raw disk in the scratch folder, with the `-O`, `-o` ... arguments
 * given. qemu-img writes in order unless told otherwise (-W), so that the number of its threads changes no byte.
 */
export async function convertByQemu(
  map: DiskMap,
  context: BuildContext,
  { file, args }: { file: string; args: readonly string[] },
): Promise<void> {
  const { work, box, run, progress } = context;
  await writeRaw(map, path.join(work, SOURCE), writeOptions(context));
  // A VMDK tells its own file name: the one that it is published by, not that of its part file, which no two builds
  // have in common.
  await symlink(box.out, path.join(work, file));
  progress(null, 'qemu-img');
  await run('qemu-img', ['convert', '-f', 'raw', ...args, `${box.work}/${SOURCE}`, `${box.work}/${file}`]);
}
