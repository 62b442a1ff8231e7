/**
 * What `init` must know of the layout. Pure.
 *
 * `/etc/caisson/boot.conf` is read as shell: values hold no quotes, and lists are words. `/etc/caisson/partitions` has
 * a line `SLOT NAME` for each partition of a slot, with the name as it is.
 */
import type { Layout, Partition } from '../../config/types.ts';
import { updatePolicies } from '../../tree/at-update.ts';
import { earlyContents, spareContent, statePartitions } from '../../tree/mounts.ts';
import { sharesMount } from '../../tree/system.ts';
import { deviceNames, plainWords } from '../partition.ts';
import { OptionFault, type ImageView } from '../stage.ts';

export interface BootConfiguration {
  variables: Record<string, string>;
  partitions: string[];
}

/** `root` is the content of the root file system. Throws OptionFault for what init cannot be told. */
export function bootConfiguration(
  { layout, verifiedBoot }: Pick<ImageView, 'layout' | 'verifiedBoot'>,
  root: string,
): BootConfiguration {
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
      verified_boot: verifiedBoot === 'enforced' ? 'enforced' : 'switchable',
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
    state_partitions: statePartitions(layout.partitions).join(' '),
  };
}

/** `CONTENT:NAME` of what both slots mount at one place: the one of the slot that runs gets a name by its content. */
function slotDevices({ partitions }: Layout, slot: string): string {
  const shared = partitions.filter(each => each.slot === slot && sharesMount(each, partitions));
  deviceNames('root', shared);
  return shared.map(each => `${each.content}:${each.name}`).join(' ');
}

function overlayVariables({ overlays, partitions }: Layout): Record<string, string> {
  const { store = '', entries = [], direct = [] } = overlays ?? {};
  const early = earlyContents(overlays, partitions).flatMap(content =>
    partitions.filter(each => each.content === content),
  );
  const grown = partitions.find(each => each.grow);
  deviceNames('root', [...early, ...(grown === undefined ? [] : [grown])]);
  plainWords('root', 'the overlay path', [store, ...entries.map(each => each.path)]);
  plainWords(
    'root',
    'the direct path',
    direct.map(each => each.path),
  );
  plainWords(
    'root',
    'the mount flag',
    [...early.map(each => each.mountFlags), ...[...entries, ...direct].map(each => each.flags)].flat(),
  );
  const colon = entries.find(each => each.path.includes(':'));
  if (colon !== undefined)
    throw new OptionFault('root', `overlayfs cannot be mounted on "${colon.path}"`, 'a colon separates its layers');
  const lines = (rows: readonly (readonly string[])[]): string => rows.map(row => row.join('|')).join(' ');
  return {
    mounted_partitions: lines(
      early.map(({ content, name, filesystem, mountFlags }) => [content, name, filesystem, mountFlags.join(',')]),
    ),
    overlay_content: overlays?.content ?? '',
    overlay_partition: early.find(each => each.content === overlays?.content)?.name ?? '',
    overlay_store: store,
    overlay_mounts: lines(entries.map(each => [storeName(each.path), each.path, each.mode, each.flags.join(',')])),
    direct_mounts: lines(
      direct.map(each => [each.content, storeName(each.path), each.path, explicitFlags(each.flags).join(',')]),
    ),
    overlay_policies: updatePolicies(overlays),
    spare_content: spareContent(overlays, partitions),
    grow_partition: grown?.name ?? '',
  };
}

/** A bind mount begins with the flags of the partition's mount: what is allowed here and not there must be said. */
function explicitFlags(flags: readonly string[]): string[] {
  const opposites = ['suid', 'dev', 'exec'].filter(each => !flags.includes(`no${each}`) && !flags.includes(each));
  return [...flags, ...opposites];
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
