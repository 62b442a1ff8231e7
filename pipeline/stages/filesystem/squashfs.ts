import { stat } from 'node:fs/promises';
import { mustFit } from '../partition.ts';
import { emptyTar } from './empty.ts';
import type { Build } from '../filesystem.ts';

/** squashfs by mksquashfs(1), from a tar on stdin. It has neither label nor UUID. */
export const buildSquashfs: Build = async (plan, context) => {
  const { box, epoch, inputs, run, out, work } = context;
  if (inputs.tree === undefined) await emptyTar(context);
  const [compressor = 'zstd'] = plan.compression.split(',');
  await run('mksquashfs', ['-', box.out, '-tar', '-noappend', '-quiet', '-no-progress', '-comp', compressor, '-mkfs-time', String(epoch), '-all-time', String(epoch)], {
    stdin: inputs.tree?.path ?? `${work}/empty.tar`,
  });
  const { size } = await stat(out);
  mustFit(`the squashfs of ${plan.content}`, size, { name: 'its partition', size: plan.size });
  return { used: size, extents: null };
};
