/** What the partitions of slots A and B must be to each other. Rules only report. */
import { formatSize } from '../formats/bytes.ts';
import { partitionTypeName } from '../formats/guid.ts';
import { at } from './layout-scope.ts';
import type { Report, Scope } from './layout-scope.ts';
import { suggest } from './nearest.ts';
import { listAt } from './paths.ts';
import type { Diagnostic, Layout, Partition } from './types.ts';

/** Only slot B can be empty: an image whose slot A is has nothing to start. */
export function emptyFaults({ partitions }: Layout, { document, complete }: Scope, report: Report): Diagnostic[] {
  if (!complete) return [];
  const inB = partitions.filter(({ slot }) => slot === 'B').map(({ name }) => name);
  return listAt(document.value, ['empty']).flatMap((name, index) => {
    if (typeof name !== 'string' || inB.includes(name)) return [];
    const hint = inB.length === 0 ? 'the layout has no slot B: leave `empty` out' : suggest(name, inB);
    return [report(['empty', index], `no partition "${name}" in slot B`, hint)];
  });
}

/** Both slots hold the same contents, in partitions alike. */
export function slotFaults({ partitions }: Layout, { complete }: Scope, report: Report): Diagnostic[] {
  const inA = partitions.filter(({ slot }) => slot === 'A');
  const inB = partitions.filter(({ slot }) => slot === 'B');
  const [firstB] = inB;
  const pairs = inB.flatMap(each => pairFaults(each, inA, report));
  if (!complete) return pairs;
  if (firstB === undefined) return [];
  if (inA.length === 0) return [report(at(firstB, 'slot'), 'only slot B has partitions', 'the first slot is A')];
  return [...lonely(inA, inB, report), ...lonely(inB, inA, report), ...pairs];
}

function lonely(here: readonly Partition[], there: readonly Partition[], report: Report): Diagnostic[] {
  return here
    .filter(({ content }) => !there.some(other => other.content === content))
    .map(partition => {
      const other = partition.slot === 'A' ? 'B' : 'A';
      return report(
        at(partition),
        `slot ${other} has no partition with content "${partition.content}", as ${partition.name} has in slot ${partition.slot}`,
      );
    });
}

function pairFaults(partition: Partition, inA: readonly Partition[], report: Report): Diagnostic[] {
  const twin = inA.find(({ content }) => content === partition.content);
  if (twin === undefined) return [];
  const differ = (key: string, mine: string, its: string): Diagnostic[] =>
    mine === its
      ? []
      : [
          report(
            at(partition, key),
            `${partition.name} has ${mine}, ${twin.name} has ${its}`,
            'both slots must be alike',
          ),
        ];
  return [
    ...differ('size', formatSize(partition.size), formatSize(twin.size)),
    ...differ('type', partitionTypeName(partition.type) ?? partition.type, partitionTypeName(twin.type) ?? twin.type),
    ...differ('filesystem', `file system ${partition.filesystem}`, `file system ${twin.filesystem}`),
    ...differ('reserve', `a reserve of ${formatSize(partition.reserve)}`, `a reserve of ${formatSize(twin.reserve)}`),
    // One artifact fills either slot.
    ...differ('label', labelOf(partition), labelOf(twin)),
    // One line of fstab mounts either.
    ...(partition.mount === twin.mount ? differ('mountFlags', flagsOf(partition), flagsOf(twin)) : []),
  ];
}

const labelOf = ({ label }: Partition): string => (label === '' ? 'no label' : `label "${label}"`);

const flagsOf = ({ mountFlags }: Partition): string =>
  mountFlags.length === 0 ? 'no mount flags' : `mount flags ${mountFlags.join(',')}`;
