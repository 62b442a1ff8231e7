/** Definitions for systemd-repart, which makes the growing partition as large as the disk; see repart.d(5). Pure. */
import type { Partition } from '../../config/types.ts';

/**
 * Path -> text. repart tells partitions by type and in order: those of the same type before the growing one get a
 * definition too, with no share in the room.
 */
export function growthFiles(partitions: readonly Pick<Partition, 'type' | 'grow'>[]): Record<string, string> {
  const growing = partitions.find(each => each.grow);
  if (growing === undefined) return {};
  const alike = partitions.filter(each => each.type === growing.type);
  return Object.fromEntries(
    alike.map((each, index) => [
      `/usr/lib/repart.d/${String(index + 1).padStart(3, '0')}-caisson.conf`,
      `[Partition]\nType=${each.type}\nWeight=${each.grow ? 1000 : 0}\nPaddingWeight=0\n`,
    ]),
  );
}
