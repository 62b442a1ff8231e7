import { truncate, writeFile } from 'node:fs/promises';
import { seededGuid } from '../../formats/guid.ts';
import { dataExtents } from './extents.ts';
import type { Build } from './build.ts';

/**
 * ext4 by mke2fs(8), from a tar or empty. Inode tables and journal are left as holes: they are zeros, which the
 * kernel takes as initialised. `-G 4096` keeps the metadata together, as advised for dynamic VHDX.
 */
export const buildExt4: Build = async (plan, context) => {
  const { box, out, run, inputs, epoch } = context;
  await writeFile(out, '');
  await truncate(out, plan.size);
  const extended = [
    `hash_seed=${seededGuid(plan.seed, 'ext4 hash', plan.content)}`,
    'lazy_itable_init=1',
    'lazy_journal_init=1',
    'nodiscard',
    'root_owner=0:0',
  ];
  await run(
    'mke2fs',
    [
      '-q',
      '-F',
      '-t',
      'ext4',
      '-b',
      '4096',
      '-G',
      '4096',
      '-m',
      '0',
      '-U',
      plan.uuid,
      ...(plan.label === '' ? [] : ['-L', plan.label]),
      // mke2fs keeps only the last -E, so there is one.
      '-E',
      extended.join(','),
      ...(inputs.tree === undefined ? [] : ['-d', box.inputs.tree ?? '']),
      box.out,
    ],
    { env: { E2FSPROGS_FAKE_TIME: String(epoch) } },
  );
  const header = await run('dumpe2fs', ['-h', box.out]);
  const blocks = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(header)?.[1] ?? 0);
  return { used: (blocks('Block count') - blocks('Free blocks')) * 4096, extents: await dataExtents(context) };
};
