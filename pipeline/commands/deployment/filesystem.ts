/** A file system that one deployment alone has: made as the stages make theirs, from a random seed. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { toolContext, type ToolOptions } from '../../engine/tool-runner.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { Extent } from '../../formats/disk-map.ts';
import { buildExt4 } from '../../stages/filesystem/ext4.ts';
import { buildVfat } from '../../stages/filesystem/vfat.ts';
import type { Artifact } from '../../stages/stage.ts';
import { writeTar } from '../../tree/tar.ts';
import type { Tree } from '../../tree/tree.ts';

export interface NewFilesystem {
  type: 'ext4' | 'vfat';
  /** For messages and for the names of files in the scratch folder. */
  content: string;
  label: string;
  size: Bytes;
  sectorSize: Bytes;
  tree: Tree;
}

export interface MadeFilesystem {
  /** Of an ext4; a FAT has a serial of its own instead. */
  uuid: string;
  /** Where it holds data, from its start. */
  extents: Extent[];
}

/** Its file stays in the scratch folder, sparse: the extents point there. */
export async function makeFilesystem(wanted: NewFilesystem, options: ToolOptions): Promise<MadeFilesystem> {
  const { type, content, size, tree } = wanted;
  const tar = path.join(options.work, `${content}.tar`);
  await writeTar(tree, tar, options);
  const context = toolContext(options, { name: `${content}.${type}`, inputs: { tree: artifact(content, tar) } });
  const seed = randomUUID();
  const plan = { ...wanted, uuid: randomUUID(), seed, partition: size, readOnly: false, compression: '' };
  const { extents } = await (type === 'ext4' ? buildExt4 : buildVfat)(plan, context);
  const data = extents ?? [[0, size]];
  return {
    uuid: plan.uuid,
    extents: data.map(([start, length]) => ({ start, length, file: context.out, offset: start })),
  };
}

function artifact(id: string, file: string): Artifact {
  return { id, key: '', sha256: '', bytes: 0, path: file, facts: {}, inputs: {} };
}
