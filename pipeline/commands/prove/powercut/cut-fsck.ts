/** File systems that a machine writes, after a cut: repaired as the initrd does it, then nothing may be wrong. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { copyPartition } from '../../../disk/copy-partition.ts';
import type { DiskImage } from '../../../disk/read.ts';
import { BuildFault } from '../../../engine/fault.ts';
import { partitionLabel, type InspectedPartition } from '../../../formats/inspection.ts';
import type { Powercuts } from '../../../formats/powercut.ts';
import type { ReadAt } from '../../../formats/read-at.ts';
import { contentName, type Pieces } from '../../../powercut/written-disk.ts';
import { cutDisk } from './cut-disk.ts';
import { askTool, WORK, type ToolsOptions } from '../ask-tool.ts';

export interface FsckOptions extends ToolsOptions {
  image: DiskImage;
  log: ReadAt;
  filesystems: readonly InspectedPartition[];
  kept: readonly KeptFile[];
}

/** A file that was safe on the disk before the power could go, and that nothing changes. */
export interface KeptFile {
  /** Name of the partition. */
  partition: string;
  /** From its root on, without spaces and quotes. */
  path: string;
  /** Hexadecimal. */
  sha256: string;
}

export interface CutChecks {
  /** What is wrong with any of them on this disk. */
  check(pieces: Pieces): Promise<string[]>;
  results(): Powercuts['checks'];
}

interface Verdict {
  /** More than by its journal. */
  corrected: boolean;
  fault: string | null;
}

/** e2fsck(8): 1 is "errors corrected", and a journal is no error. A preen stops at what it cannot decide. */
const SCRIPT = `
filesystem=$1
shift
e2fsck -p "$filesystem"
preen=$?
[ $preen -le 1 ] || exit 12
e2fsck -fn "$filesystem" || exit 13
while [ $# -gt 0 ]; do
  found=$(debugfs -R "cat $1" "$filesystem" 2>/dev/null | sha256sum)
  [ "\${found%% *}" = "$2" ] || { echo "$1 is not what it was"; exit 14; }
  shift 2
done
exit $preen`;
/** Of its exit codes; others are those of a sandbox that did not start. */
const FAULTS: Readonly<Record<number, string>> = { 12: 'e2fsck gives up', 13: 'e2fsck finds', 14: 'after e2fsck' };

/** Of disks that have the same bytes in a file system, one is checked. */
export function cutChecks(options: FsckOptions): CutChecks {
  const known = options.filesystems.map(partition => ({
    partition,
    asked: new Map<string, Promise<Verdict>>(),
    said: [] as Verdict[],
  }));
  return {
    check: async pieces => {
      const found = known.map(async ({ partition, asked, said }) => {
        const name = contentName(pieces, partition);
        const asking = asked.get(name) ?? ask(pieces, partition, options);
        if (!asked.has(name)) said.push(await asking);
        asked.set(name, asking);
        return (await asking).fault;
      });
      return (await Promise.all(found)).flatMap(fault => (fault === null ? [] : [fault]));
    },
    results: () =>
      known.map(({ partition, said }) => ({
        partition: partitionLabel(partition),
        states: said.length,
        corrected: said.filter(({ corrected }) => corrected).length,
        failed: said.filter(({ fault }) => fault !== null).length,
      })),
  };
}

async function ask(pieces: Pieces, partition: InspectedPartition, options: FsckOptions): Promise<Verdict> {
  const { image, log, kept, scratch, signal } = options;
  const name = `cut-${partition.number}`;
  const target = path.join(scratch, name);
  await copyPartition(cutDisk(image, { pieces, log }), partition, { target, signal, onProgress: () => undefined });
  const label = partitionLabel(partition);
  const files = kept.filter(each => each.partition === label).flatMap(each => [each.path, each.sha256]);
  const argv = ['sh', '-c', SCRIPT, 'sh', `${WORK}/${name}`, ...files];
  const { exitCode, stdout, stderr } = await askTool(argv, options, {});
  await rm(target);
  if (exitCode <= 1) return { corrected: exitCode === 1, fault: null };
  const what = FAULTS[exitCode];
  if (what === undefined) throw new BuildFault(`e2fsck does not run: ${stderr.trim()}`);
  return { corrected: false, fault: `${label}: ${what}: ${stdout.trim().split('\n').slice(-3).join('; ')}` };
}
