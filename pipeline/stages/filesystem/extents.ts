import type { Bytes } from '../../formats/bytes.ts';
import type { BuildContext } from '../stage.ts';

/**
 * Where a sparse file holds data, as [start, length]; the rest reads as zeros. Asked of qemu-img map, which knows
 * SEEK_DATA; Node does not.
 */
export async function dataExtents({ box, run }: Pick<BuildContext, 'box' | 'run'>): Promise<[Bytes, Bytes][]> {
  const rows = JSON.parse(await run('qemu-img', ['map', '--format=raw', '--output=json', box.out])) as {
    start: Bytes;
    length: Bytes;
    data: boolean;
  }[];
  return rows.filter(row => row.data).map(row => [row.start, row.length]);
}
