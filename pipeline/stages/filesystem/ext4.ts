import { truncate, writeFile } from 'node:fs/promises';
import { formatSize } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import { seededGuid } from '../../formats/guid.ts';
import type { BuildContext } from '../stage.ts';
import { dataExtents } from './extents.ts';
import type { Build, FilesystemPlan } from './build.ts';

/**
 * ext4 by mke2fs(8), from a tar or empty. Inode tables and journal are left as holes: they are zeros, which the
 * kernel takes as initialised. `-G 4096` keeps the metadata together, as advised for dynamic VHDX.
 *
 * A read-only one has neither journal nor room to grow, and is cut by resize2fs(8) to what its files need.
 */
export const buildExt4: Build = async (plan, context) => {
  const { box, out, run, epoch } = context;
  await writeFile(out, '');
  await truncate(out, plan.size);
  await makeFilesystem(plan, context);
  // The first estimate still counts the metadata of the groups that it drops: an eighth of the result, then a fiftieth.
  for (let pass = 0; plan.readOnly && pass < 2; pass++)
    await run('resize2fs', ['-M', box.out], { env: fakeTime(epoch) });
  const header = await run('dumpe2fs', ['-h', box.out]);
  const blocks = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(header)?.[1] ?? 0);
  return { used: (blocks('Block count') - blocks('Free blocks')) * 4096, extents: await dataExtents(context) };
};

async function makeFilesystem(
  plan: FilesystemPlan & { uuid: string },
  { box, run, inputs, epoch }: BuildContext<'tree'>,
): Promise<void> {
  const extended = [
    `hash_seed=${seededGuid(plan.seed, 'ext4 hash', plan.content)}`,
    'lazy_itable_init=1',
    'lazy_journal_init=1',
    'nodiscard',
    'root_owner=0:0',
  ];
  const argv = [
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
    ...(plan.readOnly ? ['-O', '^has_journal,^resize_inode'] : []),
    '-U',
    plan.uuid,
    ...(plan.label === '' ? [] : ['-L', plan.label]),
    // mke2fs keeps only the last -E, so there is one.
    '-E',
    extended.join(','),
    ...(inputs.tree === undefined ? [] : ['-d', box.inputs.tree ?? '']),
    box.out,
  ];
  let full = false;
  const onLine = (line: string): void => {
    full ||= /Could not allocate (block|inode)/.test(line);
  };
  await run('mke2fs', argv, { env: fakeTime(epoch), onLine }).catch(error => {
    if (!full) throw error;
    throw new FormatFault(
      `the files of ${plan.content} do not fit into an ext4 of ${formatSize(plan.size)}`,
      'give the partition more room in the layout, or take packages or files away',
    );
  });
}

/** The clock of e2fsprogs: what it writes into superblock and inodes. */
const fakeTime = (epoch: number): Record<string, string> => ({ E2FSPROGS_FAKE_TIME: String(epoch) });
