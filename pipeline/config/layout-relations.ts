/** What the partitions of a layout must be to one another, to the disk and to the overlays. Rules only report. */
import { formatSize } from '../formats/bytes.ts';
import { gptReserved } from '../formats/gpt.ts';
import { fault } from './document.ts';
import { atUpdateFaults } from './layout-at-update.ts';
import { directFaults, nestedFaults, overlayMountFaults, writablePlaces } from './layout-overlays.ts';
import { at } from './layout-scope.ts';
import type { Report, Scope } from './layout-scope.ts';
import { emptyFaults, slotFaults } from './layout-slots.ts';
import { valueAt } from './paths.ts';
import { MOST_BYTES } from './schema-words.ts';
import type { Diagnostic, Layout, Partition } from './types.ts';

/** Faults between parts of the layout. */
export function relationFaults(layout: Layout, scope: Scope): Diagnostic[] {
  const report: Report = (path, message, hint = '') => fault(scope.document, path, message, hint);
  const placed = { ...layout, partitions: layout.partitions.filter(partition => isPlaced(partition, scope)) };
  return [
    ...sectorFaults(layout, report),
    ...nameFaults(layout, report),
    ...growFaults(layout, report),
    ...mountFaults(layout, report),
    ...nestedFaults(layout, report),
    ...overlapFaults(placed, report),
    ...diskFaults(placed, report),
    ...slotFaults(layout, scope, report),
    ...emptyFaults(layout, scope, report),
    ...overlayMountFaults(layout, scope, report),
    ...directFaults(layout, scope, report),
    ...atUpdateFaults(layout, report),
  ];
}

/** Is its place known in spite of the faults before it? */
export function isPlaced(partition: Partition, { document, firstGap }: Scope): boolean {
  return partition.number - 1 < firstGap || valueAt(document.value, at(partition, 'start')) !== undefined;
}

const range = ({ start, end }: Partition): string => `[${formatSize(start)}, ${formatSize(end)})`;

function sectorFaults(layout: Layout, report: Report): Diagnostic[] {
  const { sectorSize, physicalSectorSize, alignment, size } = layout;
  const faults: Diagnostic[] = [];
  if (physicalSectorSize < sectorSize) {
    faults.push(
      report(['physicalSectorSize'], `${physicalSectorSize} is smaller than the logical sector of ${sectorSize}`),
    );
  }
  if (alignment % sectorSize !== 0) {
    faults.push(report(['alignment'], `${formatSize(alignment)} is not a multiple of the ${sectorSize} byte sector`));
  }
  if (size % sectorSize !== 0) {
    faults.push(report(['size'], `${formatSize(size)} is not a multiple of the ${sectorSize} byte sector`));
  }
  return faults;
}

/** GPT names must be unique, contents unique in their slot: both are how others find a partition. */
function nameFaults({ partitions }: Layout, report: Report): Diagnostic[] {
  const faults: Diagnostic[] = [];
  const names = new Map<string, Partition>();
  const contents = new Map<string, Partition>();
  for (const partition of partitions) {
    const first = names.get(partition.name);
    const place = `${partition.slot ?? ''} ${partition.content}`;
    const rival = contents.get(place);
    if (first !== undefined) {
      faults.push(
        report(
          at(partition, 'name'),
          `duplicate partition name "${partition.name}", first is partitions[${first.number - 1}]`,
        ),
      );
    } else if (rival !== undefined) {
      const message = `${rival.name} and ${partition.name} both hold content "${partition.content}"`;
      faults.push(report(at(partition, 'content'), message, 'give one of them another `content`'));
    }
    names.set(partition.name, first ?? partition);
    contents.set(place, rival ?? partition);
  }
  return faults;
}

function growFaults({ partitions }: Layout, report: Report): Diagnostic[] {
  const growing = partitions.filter(({ grow }) => grow);
  const [first, ...others] = growing;
  if (first === undefined) return [];
  const faults = others.map(other =>
    report(at(other, 'grow'), `${first.name} and ${other.name} both grow`, 'one partition can'),
  );
  const behind = partitions.find(({ start }) => start > first.start);
  if (behind !== undefined && others.length === 0) {
    faults.push(
      report(at(first, 'grow'), `${first.name} grows but ${behind.name} stands behind it`, 'move it to the end'),
    );
  }
  return faults;
}

/** Both slots of a pair may name one mount point. */
function mountFaults({ partitions, overlays }: Layout, report: Report): Diagnostic[] {
  const faults: Diagnostic[] = [];
  const mounts = new Map<string, Partition>();
  for (const partition of partitions.filter(({ mount }) => mount !== '')) {
    const first = mounts.get(partition.mount);
    if (first !== undefined && first.content !== partition.content) {
      faults.push(report(at(partition, 'mount'), `${partition.mount} is where ${first.name} is mounted already`));
    }
    mounts.set(partition.mount, first ?? partition);
  }
  for (const { path, mountPoint: overlay } of writablePlaces(overlays)) {
    const first = mounts.get(overlay);
    // The initrd mounts overlays, the running system partitions: what comes later hides what is below.
    const above = [...mounts.values()].find(each => each.mount !== '/' && overlay.startsWith(`${each.mount}/`));
    if (first !== undefined) faults.push(report(path, `${overlay} is where ${first.name} is mounted already`));
    else if (above !== undefined) {
      const message = `${overlay} would be hidden by ${above.name}, which is mounted at ${above.mount}`;
      faults.push(report(path, message, `name a directory outside of ${above.mount}`));
    }
  }
  return faults;
}

/** Of a pair the later one in the file has a `start` of its own: what has none was placed behind all before it. */
function overlapFaults({ partitions }: Layout, report: Report): Diagnostic[] {
  return partitions.flatMap((later, index) => {
    const earlier = partitions.slice(0, index).find(each => each.start < later.end && later.start < each.end);
    if (earlier === undefined) return [];
    const message = `${later.name} ${range(later)} overlaps ${earlier.name} ${range(earlier)}`;
    const before = partitions[index - 1]?.name ?? earlier.name;
    return [report(at(later, 'start'), message, `leave out \`start\` to place it after ${before}`)];
  });
}

function diskFaults({ partitions, size, sectorSize }: Layout, report: Report): Diagnostic[] {
  const end = size - gptReserved(sectorSize).tail;
  const faults = partitions
    .filter(partition => partition.end > end)
    .map(partition => {
      const message = `${partition.name} ${range(partition)} ends outside the disk of ${formatSize(size)}`;
      return report(
        at(partition),
        message,
        `usable up to ${formatSize(Math.max(end, 0))}; leave out \`size\` of the disk to fit it`,
      );
    });
  if (size > MOST_BYTES)
    faults.push(report([], `the disk needs ${formatSize(size)}, at most ${formatSize(MOST_BYTES)} are possible`));
  return faults;
}
