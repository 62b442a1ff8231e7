/** Tables and directories of the boot partitions: does a reader still find the same files by them? */
import { readExtents, type FatFile, type FatLayout } from '../formats/fat-files.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { soundOrDamaged, type Check } from './check.ts';
import { fatLayoutOf } from './fat-layout.ts';
import { MOST_PROGRAM, validSigners, type Program } from './program.ts';
import { judgeState, readBlocks, stateFile } from './state.ts';
import type { BootPartition, TamperSubject } from './subject.ts';
import { flipped, shifted, type Flip, type Judgement, type Place, type Stratum } from './trial.ts';

/** Worst last. */
const SEVERITY: readonly Judgement['outcome'][] = ['harmless', 'fell back', 'refused', 'unprotected', 'failed'];

export function bootFilesStratum(subject: TamperSubject, programs: readonly Program[]): Stratum {
  const places = subject.boots.flatMap((boot): Place[] => {
    const own = programs.filter(each => each.boot === boot);
    const { start } = boot.partition;
    return boot.layout.system.map(extent => ({
      start: start + extent.start,
      end: start + extent.end,
      judge: async flip => judgeFiles({ subject, boot, programs: own }, flip),
      check: mtools(boot, own),
    }));
  });
  return { name: 'boot file systems', places, unprotected: '' };
}

interface Boot {
  subject: TamperSubject;
  boot: BootPartition;
  programs: readonly Program[];
}

async function judgeFiles({ subject, boot, programs }: Boot, flip: Flip): Promise<Judgement> {
  const read = shifted(flipped(subject.read, flip), boot.partition.start);
  const layout = await fatLayoutOf(read);
  const judgements = [];
  for (const program of programs) judgements.push(await judgeFile(program, { read, layout }));
  judgements.push(await judgeStateFile({ subject, boot, read, layout }));
  const [worst] = judgements.toSorted((a, b) => SEVERITY.indexOf(b.outcome) - SEVERITY.indexOf(a.outcome));
  const found: Judgement = worst ?? { outcome: 'harmless', why: 'no file of ours is on it', expect: null };
  return { ...found, expect: found.outcome === 'harmless' ? ['sound'] : null };
}

async function judgeFile(
  { file, signers, without, role, read: original }: Program,
  { read, layout }: { read: ReadAt; layout: FatLayout | null },
): Promise<Judgement> {
  const found = layout?.files.find(({ path }) => path === file.path);
  if (found === undefined) return { outcome: without, why: `${role}: not found`, expect: null };
  if (sameExtents(file, found)) return { outcome: 'harmless', why: 'all files are found where they are', expect: null };
  const bytes = await readExtents(read, found.extents, MOST_PROGRAM);
  const before = await original(0, file.size);
  if (Buffer.compare(bytes, before) === 0)
    return { outcome: 'harmless', why: 'all files are found where they are', expect: null };
  if (signers.length === 0)
    return { outcome: 'unprotected', why: `${role}: other bytes are read as an unsigned program`, expect: null };
  const own = await validSigners(async (offset, length) => bytes.subarray(offset, offset + length), bytes.length);
  return own.some(signer => signers.includes(signer))
    ? { outcome: 'failed', why: `${role}: another program with a valid signature`, expect: null }
    : { outcome: without, why: `${role}: other bytes are read, which the signature does not fit`, expect: null };
}

async function judgeStateFile({
  subject,
  boot,
  read,
  layout,
}: Omit<Boot, 'programs'> & { read: ReadAt; layout: FatLayout | null }): Promise<Judgement> {
  const own = stateFile(boot);
  if (own === null) return { outcome: 'harmless', why: 'all files are found where they are', expect: null };
  const found = layout?.files.find(({ path }) => path === own.path);
  if (found !== undefined && sameExtents(own, found))
    return { outcome: 'harmless', why: 'all files are found where they are', expect: null };
  const blocks = await readBlocks(subject, subject.read);
  const index = subject.boots.filter(each => stateFile(each) !== null).indexOf(boot);
  const block = found === undefined ? null : await readExtents(read, found.extents, MOST_PROGRAM);
  return judgeState(subject, blocks.toSpliced(index, 1, block));
}

function sameExtents(a: FatFile, b: FatFile): boolean {
  return a.size === b.size && JSON.stringify(a.extents) === JSON.stringify(b.extents);
}

/** Other readers may refuse what ours reads, and the other way round; two that read must read the same bytes. */
function mtools({ partition }: BootPartition, programs: readonly Program[]): Check {
  const name = `boot-${partition.number}`;
  const size = Math.min(partition.end - partition.start, partition.filesystem?.size ?? 0);
  const compare = programs.map(
    ({ file, sha256 }) =>
      `if mtype -i COPY '::${file.path}' >FOLDER/${name}.out 2>/dev/null && [ -s FOLDER/${name}.out ]; then echo '${sha256}  FOLDER/${name}.out' | sha256sum --status -c || exit 1; fi`,
  );
  return {
    tool: 'mtools',
    copy: { name, length: size, pieces: [{ start: partition.start, end: partition.start + size, at: 0 }] },
    argv: ['sh', '-c', [...compare, 'exit 0'].join('\n')],
    files: {},
    verdict: soundOrDamaged,
  };
}
