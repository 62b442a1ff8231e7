import { stat } from 'node:fs/promises';
import { mustFit } from '../partition.ts';
import { emptyTar } from './empty.ts';
import type { Build } from './build.ts';

/** squashfs by mksquashfs(1), from a tar on stdin. It has neither label nor UUID; its times are all the image's epoch. */
export const buildSquashfs: Build = async (plan, context) => {
  const { box, epoch, inputs, run, out, work } = context;
  if (inputs.tree === undefined) await emptyTar(context);
  const [compressor = 'zstd'] = plan.compression.split(',');
  // SOURCE_DATE_EPOCH sets fewer times than the options do, and mksquashfs refuses both: directories that the tar does
  // not list, and the root, whose entry it ignores, would get the time of day.
  const times = ['-mkfs-time', String(epoch), '-all-time', String(epoch), '-root-time', String(epoch)];
  const root = [
    '-root-mode',
    '0755',
    '-root-uid',
    '0',
    '-root-gid',
    '0',
    '-default-mode',
    '0755',
    '-default-uid',
    '0',
    '-default-gid',
    '0',
  ];
  await run(
    'env',
    [
      '--unset=SOURCE_DATE_EPOCH',
      'mksquashfs',
      '-',
      box.out,
      '-tar',
      '-noappend',
      '-quiet',
      '-no-progress',
      '-comp',
      compressor,
      ...times,
      ...root,
    ],
    {
      stdin: inputs.tree?.path ?? `${work}/empty.tar`,
    },
  );
  const { size } = await stat(out);
  mustFit(`the squashfs of ${plan.content}`, size, { name: 'its partition', size: plan.size });
  return { used: size, extents: null };
};
