/** How much room is left in the slots: what decides how far later versions may grow. Pure. */
import type { Layout } from '../config/types.ts';
import type { Bytes } from '../formats/bytes.ts';

/** Of one content of the slots. */
export interface Headroom {
  content: string;
  /** Names, slot A's first. */
  partitions: string[];
  size: Bytes;
  used: Bytes;
  free: Bytes;
  /** What the layout wants to be left; 0 for nothing. */
  reserve: Bytes;
}

/** `used`: bytes of each partition by its name, 0 for one that the image carries empty. In the order of the disk. */
export function headroomOf(
  { partitions }: Pick<Layout, 'partitions'>,
  used: Readonly<Record<string, Bytes>>,
): Headroom[] {
  const inSlots = partitions.filter(each => each.slot !== null);
  return [...new Set(inSlots.map(each => each.content))].flatMap(content => {
    const pair = inSlots.filter(each => each.content === content);
    const most = Math.max(...pair.map(each => used[each.name] ?? 0));
    const [first] = pair;
    if (first === undefined || most === 0) return [];
    const { size, reserve } = first;
    return [{ content, partitions: pair.map(each => each.name), size, used: most, free: size - most, reserve }];
  });
}
