/** What overlay mounts need from the layout. Rules only report. */
import { suggest } from './nearest.ts';
import { at, type Report, type Scope } from './layout-scope.ts';
import { valueAt, type Path } from './paths.ts';
import type { Diagnostic, Layout, Overlays } from './types.ts';

/** Where the initrd mounts something, and where the layout says so. */
export function writablePlaces(overlays: Layout['overlays']): { path: Path; mountPoint: string }[] {
  const of = (list: 'paths' | 'direct', mounts: readonly { path: string }[]) =>
    mounts.map((each, index) => ({ path: ['overlays', list, index], mountPoint: each.path }));
  return overlays === null ? [] : [...of('paths', overlays.entries), ...of('direct', overlays.direct)];
}

/** An overlay inside another would have overlayfs as its upper layer's file system, which the kernel refuses. */
export function nestedFaults({ overlays }: Layout, report: Report): Diagnostic[] {
  const entries = overlays?.entries ?? [];
  const paths = entries.map(each => each.path);
  const written = entries.map((_, index) => ['overlays', 'paths', index]);
  const nested = paths.flatMap((inner, index) => {
    const path = written[index] ?? [];
    if (inner === '/') return [report(path, 'the root file system itself stays read-only', 'name directories in it')];
    const twin = paths.indexOf(inner);
    if (twin < index) return [report(path, `${inner} is overlays.paths[${twin}] already`)];
    const outer = paths.find(each => inner.startsWith(`${each}/`));
    return outer === undefined ? [] : [report(path, `${inner} lies inside ${outer}, which is an overlay already`)];
  });
  return [...nested, ...modeFaults(entries, report)];
}

/** What `declared` keeps stands in /var/lib/caisson. */
const KEPT = '/var/lib/caisson';

function modeFaults(entries: readonly OverlayEntries[], report: Report): Diagnostic[] {
  return entries.flatMap(({ path, mode }, index) => {
    if (mode === 'full') return [];
    const place = ['overlays', 'paths', index, 'mode'];
    if (path !== '/etc') return [report(place, `${path} cannot be declared, only /etc can`, 'allowed: full')];
    if (entries.some(each => each.mode === 'full' && `${KEPT}/`.startsWith(`${each.path}/`))) return [];
    const message = `a declared /etc keeps its host keys and its machine-id in ${KEPT}, which is not writable`;
    return [report(place, message, 'add "/var" to `paths`')];
  });
}

type OverlayEntries = Overlays['entries'][number];

/** A bind mount needs a partition that is there whatever slot runs, and nothing may stand at its place twice. */
export function directFaults({ overlays, partitions }: Layout, { complete }: Scope, report: Report): Diagnostic[] {
  const entries = overlays?.direct ?? [];
  return entries.flatMap(({ path: mountPoint, content }, index) => {
    const path = ['overlays', 'direct', index];
    const twin = entries.findIndex(each => each.path === mountPoint);
    if (mountPoint === '/')
      return [report(path, 'the root file system itself stays read-only', 'name a directory in it')];
    if (twin < index) return [report(path, `${mountPoint} is overlays.direct[${twin}] already`)];
    if (overlays?.entries.some(each => each.path === mountPoint) === true)
      return [report(path, `${mountPoint} is an overlay already`, 'name a directory inside of it')];
    const inside = overlays?.entries.find(each => each.path.startsWith(`${mountPoint}/`));
    if (inside !== undefined) return [report(path, `${mountPoint} would hide the overlay on ${inside.path}`)];
    const outer = entries.find(
      each => mountPoint.startsWith(`${each.path}/`) && !overlays?.entries.some(({ path: on }) => on === each.path),
    );
    if (outer !== undefined) return [report(path, `${mountPoint} lies inside ${outer.path}, which is direct already`)];
    if (content === '')
      return [report(path, 'needs "content": these overlays are in memory, and on no partition', 'name one for it')];
    const place = [...path, 'content'];
    const holder = partitions.find(each => each.content === content);
    const contents = [...new Set(partitions.map(each => each.content))];
    if (holder === undefined)
      return complete ? [report(place, `no partition holds content "${content}"`, suggest(content, contents))] : [];
    if (holder.filesystem !== 'ext4')
      return [report(place, `${holder.name} has ${holder.filesystem}, which keeps no owners`, 'allowed: ext4')];
    if (holder.slot !== null)
      return [report(place, `an update replaces ${holder.name}, it cannot keep data`, 'use one without slot')];
    return [];
  });
}

/** overlayfs needs extended attributes and d_type in its upper layer; of our file systems ext4 has both. */
export function overlayMountFaults({ overlays, partitions }: Layout, scope: Scope, report: Report): Diagnostic[] {
  if (overlays === null) return [];
  const written = (key: string): boolean => valueAt(scope.document.value, ['overlays', key]) !== undefined;
  if (overlays.content === '') return [...memoryFaults(written, report), ...growingFaults(partitions, report)];
  const storeless = written('store')
    ? []
    : [report(['overlays'], 'needs "store", a directory of the partition', 'e.g. store: /.eflow/overlays')];
  return [...storeless, ...storeFaults({ overlays, partitions }, scope, report)];
}

function storeFaults(
  { overlays, partitions }: Pick<Layout, 'partitions'> & { overlays: Overlays },
  scope: Scope,
  report: Report,
): Diagnostic[] {
  const path = ['overlays', 'content'];
  const store = partitions.find(({ content }) => content === overlays.content);
  if (store === undefined && !scope.complete) return [];
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

/** What is gone at the next boot is stored nowhere, and no update meets it. */
function memoryFaults(written: (key: string) => boolean, report: Report): Diagnostic[] {
  return ['store', 'atUpdate']
    .filter(written)
    .map(key =>
      report(
        ['overlays', key],
        'without `content` changes are in memory, and nothing is kept',
        `name a partition by \`content\`, or leave "${key}" out`,
      ),
    );
}

/** The machine grows the file system of the partition that stores the overlays, and no other (guest, `grow`). */
function growingFaults(partitions: Layout['partitions'], report: Report): Diagnostic[] {
  return partitions
    .filter(({ grow }) => grow)
    .map(each =>
      report(
        at(each, 'grow'),
        `${each.name} would grow and its file system would not: only that of the overlays does, and these are in memory`,
        `leave "grow" out, or name the partition by \`overlays.content\``,
      ),
    );
}
