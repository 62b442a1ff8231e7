/** What one partition must be, beyond the schema. Rules only report. */
import { formatSize } from '../formats/bytes.ts';
import { gptReserved } from '../formats/gpt.ts';
import { fault } from './document.ts';
import { isPlaced } from './layout-relations.ts';
import type { Scope } from './layout-scope.ts';
import { valueAt } from './paths.ts';
import type { Diagnostic, Filesystem, Layout, Partition } from './types.ts';

/** Longest label in bytes: FAT directory entry; ext4 s_volume_name; erofs volume_name with its NUL. */
const LABEL_BYTES: Readonly<Record<Filesystem, number>> = { vfat: 11, ext4: 16, erofs: 15, squashfs: 0, none: 0 };

/** GPT entries hold 36 UTF-16 units (UEFI 2.10 table 5.6). */
const NAME_UNITS = 36;

/** Faults of each partition by itself. */
export function partitionFaults(layout: Layout, scope: Scope): Diagnostic[] {
  return layout.partitions.flatMap(partition => {
    const report: Report = (key, message, hint = '') =>
      fault(scope.document, ['partitions', partition.number - 1, ...(key === '' ? [] : [key])], message, hint);
    return [
      ...nameFaults(partition, report),
      ...sizeFaults(partition, layout, report),
      ...(isPlaced(partition, scope) ? startFaults(partition, layout, report) : []),
      ...labelFaults(partition, report),
      ...mountFaults(partition, report),
      ...reserveFaults(partition, report),
      ...flagFaults(partition, { layout, scope, report }),
    ];
  });
}

type Report = (key: string, message: string, hint?: string) => Diagnostic;

function nameFaults({ name }: Partition, report: Report): Diagnostic[] {
  if (name.length <= NAME_UNITS) return [];
  return [report('name', `"${name}" has ${name.length} UTF-16 units, a GPT name at most ${NAME_UNITS}`)];
}

function sizeFaults({ size }: Partition, { sectorSize }: Layout, report: Report): Diagnostic[] {
  return size % sectorSize === 0
    ? []
    : [report('size', `${formatSize(size)} is not a multiple of the ${sectorSize} byte sector`)];
}

function startFaults({ start }: Partition, { sectorSize, alignment }: Layout, report: Report): Diagnostic[] {
  if (start % alignment !== 0) {
    const above = Math.ceil(start / alignment) * alignment;
    return [
      report('start', `${formatSize(start)} is not aligned to ${formatSize(alignment)}`, `e.g. "${formatSize(above)}"`),
    ];
  }
  const { head } = gptReserved(sectorSize);
  if (start >= head) return [];
  return [
    report('start', `${formatSize(start)} lies in the partition table [0 B, ${formatSize(head)})`, 'leave out `start`'),
  ];
}

function labelFaults({ label, filesystem }: Partition, report: Report): Diagnostic[] {
  if (label === '') return [];
  const most = LABEL_BYTES[filesystem];
  const bytes = Buffer.byteLength(label);
  if (most === 0) return [report('label', `file system ${filesystem} has no label`, 'leave out `label`')];
  if (bytes > most) return [report('label', `"${label}" has ${bytes} bytes, a label of ${filesystem} at most ${most}`)];
  if (filesystem !== 'vfat') return [];
  // MS FAT specification 1.03, section 6.1: short names; lower case is stored by nobody alike.
  const bad = Array.from(label).find(character => !/[A-Z0-9 $%'\-_@~`!(){}^#&]/.test(character));
  if (bad === undefined) return [];
  const hint = /[a-z]/.test(bad) ? `write "${label.toUpperCase()}"` : "allowed: A-Z, 0-9, space and $%'-_@~`!(){}^#&";
  return [report('label', `"${label}" has "${bad}", which a FAT label cannot hold`, hint)];
}

function mountFaults({ filesystem, mount, grow }: Partition, report: Report): Diagnostic[] {
  const faults: Diagnostic[] = [];
  if (mount !== '' && filesystem === 'none') {
    faults.push(report('mount', `${mount} is mounted from a partition without file system`, 'add `filesystem`'));
  }
  if (grow && filesystem !== 'ext4' && filesystem !== 'none') {
    faults.push(report('grow', `file system ${filesystem} cannot grow`, 'allowed: ext4, none'));
  }
  return faults;
}

function reserveFaults({ name, size, reserve }: Partition, report: Report): Diagnostic[] {
  if (reserve <= size) return [];
  return [
    report('reserve', `${formatSize(reserve)} cannot be left of ${name}, which has ${formatSize(size)}`, 'lower it'),
  ];
}

/** Flags need a mount: by `mount`, or by the initrd for the overlays. */
function flagFaults(
  { mount, mountFlags, content }: Partition,
  { layout, scope, report }: { layout: Layout; scope: Scope; report: Report },
): Diagnostic[] {
  const store = layout.overlays?.content;
  const known = store === '' || layout.partitions.some(other => other.content === store);
  // With faulty overlays this may be their partition; that is one fault, not two.
  const overlaid = store === content || (!known && valueAt(scope.document.value, ['overlays']) !== undefined);
  if (mountFlags.length === 0 || mount !== '' || overlaid) return [];
  return [report('mountFlags', 'nothing mounts this partition', 'add `mount`')];
}
