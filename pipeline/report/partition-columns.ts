/** What a table of partitions tells, in a terminal and in an SVG. Pure. */
import { formatSize, roundSize } from '../formats/bytes.ts';
import type { DrawnPartition } from './disk-bar.ts';
import type { Column } from './table.ts';

export interface PartitionColumn extends Column {
  /** Left out on terminals narrower than this. */
  from: number;
  cell: (partition: DrawnPartition) => string;
}

const COLUMNS: readonly PartitionColumn[] = [
  { title: '#', align: 'right', from: 0, cell: ({ number }) => String(number) },
  { title: 'name', align: 'left', least: 8, from: 0, cell: ({ name }) => name },
  { title: 'start', align: 'right', from: 80, cell: ({ start }) => formatSize(start) },
  { title: 'size', align: 'right', from: 0, cell: ({ start, end }) => formatSize(end - start) },
  { title: 'used', align: 'right', from: 0, cell: ({ used = null }) => (used === null ? '' : roundSize(used)) },
  {
    title: 'free',
    align: 'right',
    from: 100,
    cell: ({ start, end, used = null }) => (used === null ? '' : roundSize(end - start - used)),
  },
  { title: 'type', align: 'left', from: 0, cell: ({ type, typeName }) => typeName ?? type },
  {
    title: 'holds',
    align: 'left',
    least: 5,
    from: 70,
    cell: ({ filesystem }) => (filesystem === 'none' ? '' : filesystem),
  },
  { title: 'slot', align: 'left', from: 0, cell: ({ slot }) => slot ?? '' },
  { title: 'mount', align: 'left', from: 0, cell: ({ mount }) => mount },
  {
    title: '',
    align: 'left',
    least: 5,
    from: 0,
    cell: ({ grow, filled }) => [grow ? 'grows' : '', filled ? '' : 'empty'].filter(flag => flag !== '').join(', '),
  },
];

/** Those that are not blank in every row. */
export function columnsToldOf(partitions: readonly DrawnPartition[]): PartitionColumn[] {
  return COLUMNS.filter(({ cell }) => partitions.some(partition => cell(partition) !== ''));
}
