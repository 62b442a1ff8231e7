import { roundSize } from '../formats/bytes.ts';
import type { Event } from './events.ts';

/** "rootfs: 63.7 MiB of 4 GiB, 3.9 GiB left in RootFSA and RootFSB (1 GiB reserved)". */
export function headroomText({
  content,
  partitions,
  size,
  used,
  free,
  reserve,
}: Extract<Event, { type: 'headroom' }>): string {
  const reserved = reserve === 0 ? '' : ` (${roundSize(reserve)} reserved)`;
  return `${content}: ${roundSize(used)} of ${roundSize(size)}, ${roundSize(free)} left in ${partitions.join(' and ')}${reserved}`;
}
