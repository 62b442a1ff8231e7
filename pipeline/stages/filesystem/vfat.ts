import { createWriteStream } from 'node:fs';
import { mkdir, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createReadStream } from 'node:fs';
import { seededGuid } from '../../formats/guid.ts';
import { readTar } from '../../tree/tar.ts';
import { byComponent, contentBytes, type Tree, type TreeNode } from '../../tree/tree.ts';
import { FormatFault } from '../../formats/fault.ts';
import { mustFit } from '../partition.ts';
import { dataExtents } from './extents.ts';
import type { Build } from './build.ts';

/**
 * FAT by mkfs.fat(8) and mtools, directory by directory and file by file. Small files come first, then by name: the
 * initrd finds the selector's grubenv by reading the partition from its start.
 */
export const buildVfat: Build = async (plan, context) => {
  const { box, out, work, run, inputs, signal } = context;
  const tree = inputs.tree === undefined ? new Map<string, TreeNode>() : await readTar(inputs.tree.path, signal);
  const paths = [...tree.keys()].filter(each => each !== '/').sort(byComponent);
  const bytes = paths.reduce((sum, each) => sum + contentBytes(tree.get(each) as TreeNode), 0);
  mustFit(`the content of ${plan.content}`, bytes, { name: 'its partition', size: plan.size });
  await writeFile(out, '');
  await truncate(out, plan.size);
  // The serial comes from the seed by -i; --invariant would override it.
  const serial = seededGuid(plan.seed, 'fat', plan.content).slice(0, 8);
  await run('mkfs.vfat', [
    '-i',
    serial,
    ...(plan.label === '' ? [] : ['-n', plan.label]),
    '-S',
    String(plan.sectorSize),
    box.out,
  ]);
  const directories = paths.filter(each => tree.get(each)?.type === 'directory');
  if (directories.length > 0) await run('mmd', ['-D', 's', '-i', box.out, ...directories.map(each => `::${each}`)]);
  const size = (name: string): number => contentBytes(tree.get(name) as TreeNode);
  const files = paths.filter(name => tree.get(name)?.type !== 'directory').sort((a, b) => size(a) - size(b));
  for (const each of files) {
    await unpack(tree, each, path.join(work, 'files'), context.epoch);
    await run('mcopy', ['-m', '-Q', '-i', box.out, `${box.work}/files${each}`, `::${each}`]);
  }
  return { used: bytes, extents: await dataExtents(context) };
};

async function unpack(tree: Tree, name: string, folder: string, epoch: number): Promise<void> {
  const node = tree.get(name);
  if (node?.type !== 'file' || node.content === null)
    throw new FormatFault(
      `${name} is a ${node?.type ?? 'hole'}, which FAT cannot hold`,
      'only files and directories can be put on a vfat partition',
    );
  const target = path.join(folder, name);
  await mkdir(path.dirname(target), { recursive: true });
  if ('data' in node.content) await writeFile(target, node.content.data);
  else if (node.content.bytes === 0) await writeFile(target, '');
  else {
    const { file, offset, bytes } = node.content;
    await pipeline(createReadStream(file, { start: offset, end: offset + bytes - 1 }), createWriteStream(target));
  }
  await utimes(target, epoch, epoch);
}
