/** Files of the rootfs that the definition and the layout say, not a package: fstab, hostname, os-release. */
import type { Layout } from '../config/types.ts';
import { earlyContents, MOUNTED, type Mounted } from './mounts.ts';
import { directory, lookup, place, symlink, textFile, type Tree } from './tree.ts';

export interface SystemFacts {
  hostname: string;
  promises: { image: string; version: string; partitions: readonly Mounted[]; overlays: Layout['overlays'] };
  /** Content of the tree's own os-release, which stays in front. */
  osRelease: string;
}

/**
 * Places the files that make a tree the system of this image. machine-id is there and empty: systemd fills it on
 * the overlay at boot, and does not take the boot for a first one that resets all units to their presets.
 */
export function placeSystemFiles(tree: Tree, facts: SystemFacts): void {
  const { hostname, promises } = facts;
  const { image, version, partitions, overlays } = promises;
  place(tree, '/etc/fstab', textFile(fstab(partitions, overlays)));
  place(tree, '/etc/hostname', textFile(`${hostname}\n`));
  // Its own name is answered by nss-myhostname: a deployment gets another one.
  place(tree, '/etc/hosts', textFile('127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'));
  place(tree, '/etc/machine-id', textFile(''));
  // As old as /usr, so that systemd does not rebuild at boot what the packages' scripts built here (ConditionNeedsUpdate=).
  for (const path of ['/etc/.updated', '/var/.updated']) place(tree, path, textFile(''));
  place(tree, '/etc/resolv.conf', symlink('/run/systemd/resolve/stub-resolv.conf'));
  place(
    tree,
    '/usr/lib/os-release',
    textFile(`${facts.osRelease.trimEnd()}\nIMAGE_ID=${image}\nIMAGE_VERSION=${version}\n`),
  );
  placeMountPoints(tree, promises);
}

/** Directories on which the kernel, the initrd or systemd mount something. */
export function placeMountPoints(tree: Tree, { partitions, overlays }: SystemFacts['promises']): void {
  const mountPoints = partitions.map(each => each.mount).filter(each => each !== '');
  for (const path of ['/dev', '/proc', '/run', '/sys', ...mountPoints])
    if (lookup(tree, path)?.node.type !== 'directory') place(tree, path, directory());
  place(tree, '/tmp', directory(0o1777));
  for (const { path } of [...(overlays?.entries ?? []), ...(overlays?.direct ?? [])])
    if (!tree.has(path)) place(tree, path, directory());
  // Where init shows the store. What lies in an overlay it makes there by itself.
  const shown = `/var${overlays?.store ?? ''}`;
  if (overlays !== null && !overlays.entries.some(each => `${shown}/`.startsWith(`${each.path}/`)))
    place(tree, shown, directory(0o700));
}

/**
 * Partitions that declare a mount point, by a name that the initrd gives to those of the disk it booted from: a
 * second disk with the same partition names is never picked. `nofail`: a broken log must not stop the boot.
 */
export function fstab(partitions: readonly Mounted[], overlays: Layout['overlays']): string {
  const mounts = partitions.filter(each => each.mount !== '');
  const early = earlyContents(overlays, partitions);
  const lines = mounts
    .filter(each => each.mount !== '/')
    .map(each => {
      // Mounted by the initrd, with its flags, or replaced by memory there; a second mount would check it in use.
      if (early.includes(each.content)) return `${MOUNTED}/${each.content} ${each.mount} none bind,nofail 0 0\n`;
      const device = sharesMount(each, mounts) ? `caisson-slot/${each.content}` : `caisson/${each.name}`;
      const flags = [...each.mountFlags, 'nofail'].join(',');
      const check = each.filesystem === 'erofs' || each.filesystem === 'squashfs' ? 0 : 2;
      return `/dev/${device} ${each.mount} ${each.filesystem} ${flags} 0 ${check}\n`;
    });
  return [...new Set(lines)].join('');
}

/** Do both slots mount this content at one place? Then it is that of the slot that runs. */
export function sharesMount(
  { content, slot, mount }: Pick<Mounted, 'content' | 'slot' | 'mount'>,
  others: readonly Pick<Mounted, 'content' | 'slot' | 'mount'>[],
): boolean {
  if (slot === null || mount === '' || mount === '/') return false;
  return others.some(each => each.slot !== slot && each.content === content && each.mount === mount);
}
