/**
 * What `init` must know of the layout. Pure.
 *
 * `/etc/caisson/boot.conf` is read as shell: values hold no quotes, and lists are words. `/etc/caisson/partitions` has
 * a line `SLOT NAME` for each partition of a slot, with the name as it is.
 */
import type { Layout, Partition } from '../../config/types.ts';
import { sharesMount } from '../../tree/system.ts';
import { deviceNames, plainWords } from '../partition.ts';
import { OptionFault } from '../stage.ts';

export interface BootConfiguration {
  variables: Record<string, string>;
  partitions: string[];
}

/** `root` is the content of the root file system. Throws OptionFault for what init cannot be told. */
export function bootConfiguration(layout: Layout, root: string): BootConfiguration {
  const roots = layout.partitions.filter(each => each.content === root);
  const [first] = roots;
  if (first === undefined)
    throw new OptionFault(
      'root',
      `layout "${layout.name}" has no partition with content "${root}"`,
      `its contents: ${[...new Set(layout.partitions.map(each => each.content))].join(', ')}`,
    );
  return {
    variables: {
      root_filesystem: first.filesystem,
      ...rootVariables(roots, layout),
      ...overlayVariables(layout),
    },
    partitions: layout.partitions.flatMap(each => (each.slot === null ? [] : [`${each.slot} ${each.name}`])),
  };
}

function rootVariables(roots: readonly Partition[], layout: Layout): Record<string, string> {
  const slots = roots.map(each => each.slot ?? 'only');
  const flags = roots[0]?.mountFlags ?? [];
  deviceNames('root', roots);
  plainWords('root', 'the mount flag', flags);
  return {
    root_flags: flags.join(','),
    ...Object.fromEntries(roots.map(each => [`root_partition_${each.slot ?? 'only'}`, each.name])),
    ...Object.fromEntries(slots.map(slot => [`slot_devices_${slot}`, slotDevices(layout, slot)])),
    slots: slots.join(' '),
  };
}

/** `CONTENT:NAME` of what both slots mount at one place: the one of the slot that runs gets a name by its content. */
function slotDevices({ partitions }: Layout, slot: string): string {
  const shared = partitions.filter(each => each.slot === slot && sharesMount(each, partitions));
  deviceNames('root', shared);
  return shared.map(each => `${each.content}:${each.name}`).join(' ');
}

function overlayVariables({ overlays, partitions }: Layout): Record<string, string> {
  const data = partitions.find(each => each.content === overlays?.content);
  const paths = overlays?.paths ?? [];
  deviceNames('root', data === undefined ? [] : [data]);
  plainWords('root', 'the overlay path', [overlays?.store ?? '', ...paths]);
  plainWords('root', 'the mount flag', data?.mountFlags ?? []);
  const colon = paths.find(each => each.includes(':'));
  if (colon !== undefined)
    throw new OptionFault('root', `overlayfs cannot be mounted on "${colon}"`, 'a colon separates its layers');
  return {
    overlay_partition: data?.name ?? '',
    overlay_filesystem: data?.filesystem ?? '',
    overlay_flags: data?.mountFlags.join(',') ?? '',
    overlay_store: overlays?.store ?? '',
    overlay_mounts: paths.map(each => `${storeName(each)}:${each}`).join(' '),
  };
}

/**
 * Directory below the store that keeps the upper layer of a path: `/etc` -> `etc`, `/var/lib` -> `var-lib`. A `-` or `%`
 * of the path itself is written as `%2d` or `%25`, so that no two paths share a name, today or in the next version.
 */
export function storeName(path: string): string {
  return path
    .slice(1)
    .replaceAll(/[%-]/g, character => `%${character.charCodeAt(0).toString(16)}`)
    .replaceAll('/', '-');
}
