/** Partitions for drawings: one after another from 1 MiB on. */
import type { DrawnPartition } from '../../pipeline/report/disk-bar.ts';

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

export function partitions(rows: { name: string; size: number; more?: Partial<DrawnPartition> }[]): DrawnPartition[] {
  let end = MiB;
  return rows.map(({ name, size, more }, index) => {
    const start = end;
    end += size;
    const plain = {
      type: '0fc63daf-8483-4772-8e79-3d69d8477de4',
      typeName: 'linux',
      filesystem: 'none',
      slot: null,
      mount: '',
      grow: false,
      reserve: 0,
      filled: true,
    };
    return { number: index + 1, name, start, end, ...plain, ...more };
  });
}
