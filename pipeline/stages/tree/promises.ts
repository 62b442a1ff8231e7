/** What the running system is told of its image. Pure. */
import type { Manifest } from '../../config/types.ts';
import type { Promises } from '../../tree/guest/guest.ts';
import type { ImageView } from '../stage.ts';

/** Not sizes or places: a larger Log must not change a byte of the root. */
export function promisesOf(
  { name, version, layout, ssh, firewall, features, verifiedBoot, updates }: ImageView,
  manifest: Manifest | null,
): Promises {
  return {
    image: name,
    version,
    partitions: layout.partitions.map(
      ({ name: partition, content, slot, type, filesystem, label, mount, mountFlags, grow }) => ({
        name: partition,
        content,
        slot,
        type,
        filesystem,
        label,
        mount,
        mountFlags,
        grow,
      }),
    ),
    overlays: layout.overlays,
    ssh,
    firewall,
    features,
    verifiedBoot: verifiedBoot === 'enforced' ? 'enforced' : 'switchable',
    updates: updates === null ? null : { compatible: updates.compatible },
    setuid: manifest?.setuid ?? null,
    modules: manifest === null || manifest.modules.length === 0 ? null : manifest.modules,
  };
}
