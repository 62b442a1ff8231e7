/** The verity superblock with a flipped bit: what veritysetup(8) opens by it, if anything. */
import { FormatFault } from '../formats/fault.ts';
import { checkPath } from '../formats/hash-path.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { decodeVerity, type Verity } from '../formats/verity.ts';
import { flipped, shifted, type Flip, type Judgement } from './trial.ts';
import type { VerifiedRoot } from './verified-root.ts';

/**
 * The init of the initrd opens what has the root hash it was told, or whose first block can be read; `veritysetup open`
 * takes salt, sizes and algorithm from the superblock. FEC does not cover it.
 */
export async function judgeSuperblock(
  { partition, verity, rootHash, without }: VerifiedRoot,
  read: ReadAt,
  flip: Flip,
): Promise<Judgement> {
  const after = shifted(flipped(read, flip), partition.start);
  const refuse = (why: string): Judgement => ({ outcome: without, why, expect: ['damaged'] });
  let found: Verity | null;
  try {
    found = await decodeVerity(after, { offset: verity.offset, room: partition.end - partition.start });
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return refuse('veritysetup refuses a value in it');
  }
  if (found === null) return refuse('no signature of a superblock');
  // Names of hashes know no case here, nor to veritysetup; the kernel's do.
  if (found.algorithm !== verity.algorithm)
    return { outcome: without, why: 'the kernel has no hash of this name', expect: null };
  if (found.rootHash !== rootHash) return refuse('another salt, block size or hash type gives another root hash');
  if (found.uuid !== verity.uuid)
    return { outcome: 'harmless', why: 'UUID: only the mapping is called by it', expect: ['sound'] };
  if (found.dataBlocks === verity.dataBlocks)
    return { outcome: 'harmless', why: 'not a field that is used', expect: ['sound'] };
  if (found.dataBlocks * found.dataBlockSize > partition.end - partition.start)
    return refuse('the mapping would be longer than the partition');
  return judgeLength(after, { found, rootHash, least: verity.dataBlocks, without });
}

/** Where the tree looks the same for another length, blocks are still found; those behind the last have no hash. */
async function judgeLength(
  read: ReadAt,
  {
    found,
    rootHash,
    least,
    without,
  }: { found: Verity; rootHash: string; least: number; without: VerifiedRoot['without'] },
): Promise<Judgement> {
  const expect = ['damaged'] as const;
  if (found.dataBlocks < least)
    return {
      outcome: without,
      why: 'the mapping ends before the file system does: its last blocks cannot be read',
      expect,
    };
  for (const index of [0, least - 1]) {
    const { fits } = await checkPath(read, found, { place: { level: -1, index }, rootHash });
    if (!fits) return { outcome: without, why: 'the tree of another length has the hashes elsewhere', expect };
  }
  return {
    outcome: 'harmless',
    why: 'the mapping is longer than the file system, whose blocks have their hashes',
    expect,
  };
}
