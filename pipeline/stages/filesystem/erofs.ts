import { stat } from 'node:fs/promises';
import { mustFit } from '../partition.ts';
import { emptyTar } from './empty.ts';
import type { Build } from './build.ts';

/**
 * erofs by mkfs.erofs(1), from a tar. Clusters of 64 KiB: a good part of what larger ones save, and a changed file
 * changes little of the image.
 */
export const buildErofs: Build = async (plan, context) => {
  const { box, epoch, run, out } = context;
  const tree = box.inputs.tree ?? (await emptyTar(context));
  await run('mkfs.erofs', [
    '--quiet',
    `-z${plan.compression}`,
    '-C65536',
    `-T${epoch}`,
    `-U${plan.uuid}`,
    ...(plan.label === '' ? [] : [`-L${plan.label}`]),
    '--tar=f',
    box.out,
    tree,
  ]);
  const { size } = await stat(out);
  mustFit(`the erofs of ${plan.content}`, size, { name: 'its partition', size: plan.size });
  return { used: size, extents: null };
};
