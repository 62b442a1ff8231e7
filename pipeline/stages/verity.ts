/**
 * verity: a file system with its dm-verity hash tree and FEC behind it, all in one partition:
 * [file system | superblock, hash tree | FEC]. Salt and UUID are seeded, so the root hash is a function of the bytes.
 * See veritysetup(8) and the kernel's admin-guide/device-mapper/verity.
 */
import { constants } from 'node:fs';
import { copyFile, readFile, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { formatSize, type Bytes } from '../formats/bytes.ts';
import { seededGuid } from '../formats/guid.ts';
import { mustFit, partitionOf } from './partition.ts';
import type { Facts, Stage } from './stage.ts';

interface Options {
  content: string;
  fecRoots?: number;
}

interface Resolved {
  content: string;
  fecRoots: number;
  seed: string;
  partition: { name: string; size: Bytes };
}

const BLOCK = 4096;
const DIGESTS_PER_BLOCK = BLOCK / 32;

export const verity: Stage<Options, Resolved, 'filesystem'> = {
  name: 'verity',
  version: 1,
  summary: 'hash tree (dm-verity) and FEC, behind the file system in the same partition',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['content'],
    properties: {
      content: { type: 'string', description: 'Content of the layout that this is for.' },
      fecRoots: {
        type: 'integer',
        minimum: 2,
        maximum: 24,
        description: 'Parity bytes in each 255 of Reed-Solomon code. 2 of them take 0.8 % of the size.',
        default: 2,
      },
    },
  },
  inputs: { filesystem: 'required' },
  tools: ['cryptsetup-bin'],
  publishes: () => null,

  resolve(options, image) {
    const { name, size } = partitionOf(image.layout, options.content);
    return { content: options.content, fecRoots: options.fecRoots ?? 2, seed: image.seed, partition: { name, size } };
  },

  async build({ content, fecRoots, seed, partition }, { inputs, out, work, box, run }) {
    const source = inputs.filesystem;
    if (source === undefined) throw new Error('no input file system');
    const dataBlocks = Math.ceil(source.bytes / BLOCK);
    const hashOffset = dataBlocks * BLOCK;
    const fecOffset = hashOffset + (1 + hashTreeBlocks(dataBlocks)) * BLOCK;
    mustFit(`${content} with its hash tree`, fecOffset, fullOf(source.facts, partition));
    const salt = createHash('sha256').update(`${seed}\0verity salt\0${source.sha256}`).digest('hex');
    const uuid = seededGuid(seed, 'verity', content, source.sha256);
    await copyFile(source.path, out, constants.COPYFILE_FICLONE);
    await truncate(out, hashOffset);
    await run('veritysetup', [
      'format',
      box.out,
      box.out,
      '--hash=sha256',
      `--data-block-size=${BLOCK}`,
      `--hash-block-size=${BLOCK}`,
      `--data-blocks=${dataBlocks}`,
      `--hash-offset=${hashOffset}`,
      `--salt=${salt}`,
      `--uuid=${uuid}`,
      `--fec-device=${box.out}`,
      `--fec-offset=${fecOffset}`,
      `--fec-roots=${fecRoots}`,
      `--root-hash-file=${box.work}/root-hash`,
    ]);
    const { size } = await stat(out);
    mustFit(
      `${content} with hash tree and FEC (${formatSize(source.bytes)} of file system)`,
      size,
      fullOf(source.facts, partition),
    );
    const rootHash = (await readFile(path.join(work, 'root-hash'), 'utf8')).trim();
    return {
      ...source.facts,
      rootHash,
      hashOffset,
      fecOffset,
      fecRoots,
      dataBlocks,
      salt,
      verityUuid: uuid,
      used: size,
      extents: [[0, size]],
    };
  },
};

/** A file system that can be written takes all of its partition, whatever it holds, unless its step says less. */
function fullOf(facts: Facts, partition: Resolved['partition']): Resolved['partition'] & { hint?: string } {
  if (facts.readOnly !== false) return partition;
  const option = facts.filesystem === 'ext4' ? '`readOnly: true`' : 'a `size` less than the partition';
  return { ...partition, hint: `give the step that makes the ${String(facts.filesystem)} the option ${option}` };
}

/** Blocks of the hash tree above n data blocks, without the superblock: each level has a 128th of the one below. */
function hashTreeBlocks(dataBlocks: number): number {
  let blocks = 0;
  for (let level = dataBlocks; level > 1;) {
    level = Math.ceil(level / DIGESTS_PER_BLOCK);
    blocks += level;
  }
  return Math.max(blocks, 1);
}
