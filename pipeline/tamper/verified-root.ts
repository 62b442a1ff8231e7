/** A root that a kernel command line asks for by its hash. */
import type { FecArea } from '../formats/fec.ts';
import type { InspectedPartition, InspectedVerity } from '../formats/inspection.ts';
import type { Check } from './check.ts';
import { hasOtherSlot, verifiedRoots, type TamperSubject } from './subject.ts';

export interface VerifiedRoot {
  partition: InspectedPartition;
  verity: InspectedVerity;
  rootHash: string;
  /** Null without FEC. */
  fec: FecArea | null;
  /** What becomes of a machine whose root cannot be read. */
  without: 'fell back' | 'refused';
}

export function readableRoots(subject: TamperSubject): VerifiedRoot[] {
  return verifiedRoots(subject).flatMap(({ partition, rootHash }): VerifiedRoot[] => {
    const { verity } = partition;
    if (verity === null) return [];
    const without = hasOtherSlot(subject, partition) ? 'fell back' : 'refused';
    return [{ partition, verity, rootHash, fec: fecArea(verity), without }];
  });
}

/** With FEC it also says whether a damage can be repaired. Its exit code can be 0 then, and also where FEC sees no damage. */
export function veritysetup({ partition, verity, rootHash }: VerifiedRoot): Check {
  const { offset, fec, tree } = verity;
  const end = fec?.end ?? tree.end;
  return {
    tool: 'veritysetup',
    copy: {
      name: `root-${partition.number}`,
      length: end,
      pieces: [{ start: partition.start, end: partition.start + end, at: 0 }],
    },
    argv: [
      'veritysetup',
      'verify',
      'COPY',
      'COPY',
      rootHash,
      `--hash-offset=${offset}`,
      ...(fec?.roots == null ? [] : ['--fec-device=COPY', `--fec-offset=${fec.start}`, `--fec-roots=${fec.roots}`]),
    ],
    files: {},
    verdict: (exitCode, output) => {
      if (/repairable errors/.test(output)) return 'repairable';
      return exitCode !== 0 || /verification .*failed/i.test(output) ? 'damaged' : 'sound';
    },
  };
}

function fecArea({ dataBlocks, dataBlockSize, hashBlockSize, tree, fec }: InspectedVerity): FecArea | null {
  if (fec?.roots == null || dataBlockSize !== hashBlockSize) return null;
  return { blockSize: dataBlockSize, dataBlocks, treeStart: tree.start, start: fec.start, roots: fec.roots };
}
