/** What overlay mounts need from the layout. Rules only report. */
import { suggest } from './nearest.ts';
import type { Report, Scope } from './layout-relations.ts';
import type { Diagnostic, Layout } from './types.ts';

/** An overlay inside another would have overlayfs as its upper layer's file system, which the kernel refuses. */
export function nestedFaults({ overlays }: Layout, report: Report): Diagnostic[] {
  const paths = overlays?.paths ?? [];
  return paths.flatMap((inner, index) => {
    const path = ['overlays', 'paths', index];
    if (inner === '/') return [report(path, 'the root file system itself stays read-only', 'name directories in it')];
    const twin = paths.indexOf(inner);
    if (twin < index) return [report(path, `${inner} is overlays.paths[${twin}] already`)];
    const outer = paths.find(each => inner.startsWith(`${each}/`));
    return outer === undefined ? [] : [report(path, `${inner} lies inside ${outer}, which is an overlay already`)];
  });
}

/** overlayfs needs extended attributes and d_type in its upper layer; of our file systems ext4 has both. */
export function overlayMountFaults(
  { overlays, partitions }: Layout,
  { complete }: Scope,
  report: Report,
): Diagnostic[] {
  if (overlays === null) return [];
  const path = ['overlays', 'content'];
  const store = partitions.find(({ content }) => content === overlays.content);
  if (store === undefined && !complete) return [];
  if (store === undefined) {
    const contents = [...new Set(partitions.map(({ content }) => content))];
    return [report(path, `no partition holds content "${overlays.content}"`, suggest(overlays.content, contents))];
  }
  if (store.filesystem !== 'ext4') {
    return [
      report(path, `overlays need a writable file system, ${store.name} has ${store.filesystem}`, 'allowed: ext4'),
    ];
  }
  if (store.slot !== null)
    return [report(path, `an update replaces ${store.name}, it cannot keep data`, 'use one without slot')];
  if (store.mountFlags.includes('ro'))
    return [report(path, `${store.name} is mounted read-only, it cannot keep data`, 'take "ro" from its `mountFlags`')];
  if (overlays.store === '/')
    return [
      report(['overlays', 'store'], `"/" is all of ${store.name}`, 'name a directory on it, e.g. "/.eflow/overlays"'),
    ];
  return [];
}
