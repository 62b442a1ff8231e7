/** The root: data, hash tree and parity, as dm-verity reads them. */
import { correctBlock, coveredOffset } from '../formats/fec.ts';
import { checkPath, hashBlock, placeOf, treePlaceAt, wantedHash, type TreePlace } from '../formats/hash-path.ts';
import type { InspectedVerity } from '../formats/inspection.ts';
import { readFully, type ReadAt } from '../formats/read-at.ts';
import { SUPERBLOCK_BYTES } from '../formats/verity.ts';
import type { TamperSubject } from './subject.ts';
import { judgeSuperblock } from './superblock.ts';
import { flipped, shifted, type Flip, type Judgement, type Place, type Stratum } from './trial.ts';
import { readableRoots, veritysetup, type VerifiedRoot } from './verified-root.ts';

/** `unverified`: why nothing of this is verified, as the state stands; empty when it is. */
export function rootStrata(subject: TamperSubject, unverified: string): Stratum[] {
  const roots = readableRoots(subject);
  const stratum = (name: string, placesOf: (root: VerifiedRoot, read: ReadAt) => Omit<Place, 'check'>[]): Stratum => ({
    name,
    unprotected: unverified,
    places: roots.flatMap(root =>
      placesOf(root, subject.read).map(({ start, end, judge }) => ({
        start: root.partition.start + start,
        end: root.partition.start + end,
        judge,
        check: veritysetup(root),
      })),
    ),
  });
  return [
    stratum('verity superblock', (root, read) => [
      {
        start: root.verity.offset,
        end: root.verity.offset + SUPERBLOCK_BYTES,
        judge: async flip => judgeSuperblock(root, read, flip),
      },
    ]),
    stratum('hash tree', (root, read) => [
      { start: root.verity.tree.start, end: root.verity.tree.end, judge: async flip => judgeTree(root, read, flip) },
    ]),
    stratum('data', (root, read) => [
      { start: 0, end: root.verity.offset, judge: async flip => judgeData(root, read, flip) },
    ]),
    stratum('FEC', (root, read) => {
      const { start = 0, end = null } = root.verity.fec ?? {};
      return end === null ? [] : [{ start, end, judge: async flip => judgeParity(root, read, flip) }];
    }),
  ];
}

async function judgeData(root: VerifiedRoot, read: ReadAt, flip: Flip): Promise<Judgement> {
  const index = Math.floor((flip.offset - root.partition.start) / root.verity.dataBlockSize);
  return judgeBlock(root, read, { flip, place: { level: -1, index } });
}

async function judgeTree(root: VerifiedRoot, read: ReadAt, flip: Flip): Promise<Judgement> {
  return judgeBlock(root, read, { flip, place: treePlaceAt(root.verity, flip.offset - root.partition.start) });
}

/** As the kernel reads a block: hashed up to the root, corrected where the hash is wrong, and hashed again. */
async function judgeBlock(
  { partition, verity, rootHash, fec, without }: VerifiedRoot,
  read: ReadAt,
  { flip, place }: { flip: Flip; place: TreePlace },
): Promise<Judgement> {
  const [before, after] = [shifted(read, partition.start), shifted(flipped(read, flip), partition.start)];
  const { fits, broken } = await checkPath(after, verity, { place, rootHash });
  if (fits) return { outcome: 'failed', why: 'its hash is as it should be', expect: null };
  if (broken?.level !== place.level || broken.index !== place.index)
    return { outcome: without, why: 'another block on its way to the root hash is damaged', expect: ['damaged'] };
  if (fec === null) return { outcome: without, why: 'its hash is wrong, and there is no FEC', expect: ['damaged'] };
  const inOrder = place.level === -1 ? place.index : fec.dataBlocks + blocksInto(verity, place);
  const corrected = await correctBlock(after, fec, inOrder);
  if (corrected === null)
    return { outcome: without, why: 'its hash is wrong, and FEC does not correct it', expect: ['damaged'] };
  const wanted = await wantedHash(after, verity, { place, rootHash });
  if (!hashBlock(verity, corrected.bytes).equals(wanted))
    return { outcome: without, why: 'its hash is wrong, also that of what FEC makes of it', expect: ['damaged'] };
  const original = await readFully(before, 'the block as it is', placeOf(verity, place));
  const same = Buffer.compare(original, corrected.bytes) === 0;
  if (!same && hashBlock(verity, original).equals(wanted))
    return { outcome: 'failed', why: 'FEC makes another block with the right hash of it', expect: null };
  const why = same ? 'FEC gives the block as it was' : 'it was before; FEC gives the block that it should be of';
  return { outcome: 'corrected', why: `its hash is wrong; ${why}`, expect: ['repairable'] };
}

/** Parity is read when something else is wrong; what it then cannot correct is refused by its hash. */
async function judgeParity({ partition, fec }: VerifiedRoot, read: ReadAt, flip: Flip): Promise<Judgement> {
  if (fec === null) throw new Error('parity without FEC');
  const { blockSize, roots } = fec;
  const at = flip.offset - partition.start - fec.start;
  const lane = Math.floor(at / (blockSize * roots));
  const after = shifted(flipped(read, flip), partition.start);
  const [block, found] = [
    await readFully(after, 'a block that FEC covers', { offset: coveredOffset(fec, lane), length: blockSize }),
    await correctBlock(after, fec, lane),
  ];
  // The code finds the wrong byte to be the parity's own, so what it covers stays as it is.
  const stays = found?.corrected === 0 && Buffer.compare(found.bytes, block) === 0;
  return stays
    ? {
        outcome: 'harmless',
        why: 'only read when a block is wrong; less of its code words could then be corrected',
        expect: ['sound'],
      }
    : { outcome: 'failed', why: 'FEC changes a block that is right', expect: null };
}

function blocksInto(verity: InspectedVerity, place: TreePlace): number {
  return (placeOf(verity, place).offset - verity.tree.start) / verity.hashBlockSize;
}
