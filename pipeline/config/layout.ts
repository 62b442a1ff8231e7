/** Layouts: checked against their schema, resolved, then checked by rules that only report. */
import path from 'node:path';
import { parseSize } from '../formats/bytes.ts';
import type { Bytes } from '../formats/bytes.ts';
import { gptReserved } from '../formats/gpt.ts';
import { partitionType } from '../formats/guid.ts';
import type { Document } from './document.ts';
import { relationFaults } from './layout-relations.ts';
import { partitionFaults } from './layout-rules.ts';
import { ATTRIBUTE_BITS, layoutSchema } from './layout-schema.ts';
import { mappingAt } from './paths.ts';
import type { Checked, Filesystem, Layout, Overlays, Partition, Slot } from './types.ts';
import { compileSchema } from './validate.ts';
import type { Validator } from './validate.ts';

export interface PartitionFile {
  name: string;
  content?: string;
  slot?: Slot;
  start?: string;
  size: string;
  type: string;
  attributes?: (keyof typeof ATTRIBUTE_BITS | number)[];
  filesystem?: Filesystem;
  label?: string;
  mount?: string;
  mountFlags?: string[];
  reserve?: string;
  grow?: boolean;
}

/** A layout as written, accepted by its schema. */
export interface LayoutFile {
  name?: string;
  sectorSize?: '512' | '4096';
  physicalSectorSize?: '512' | '4096';
  alignment?: string;
  size?: string;
  empty?: string[];
  /** null stands for a partition that has faults: its number stays taken. */
  partitions: (PartitionFile | null)[];
  overlays?: OverlaysFile;
}

interface OverlaysFile {
  content?: string;
  store?: string;
  paths: (string | { path: string; mode?: 'full' | 'declared'; flags?: string[] })[];
  direct?: { path: string; content?: string; flags?: string[] }[];
  atUpdate?: { path: string; policy: 'keep' | 'take-new' }[];
}

/** Document -> layout, or everything that is wrong with it. `name`: of the file, for a layout that says none. */
export function checkLayout(document: Document, name: string): Checked<Layout> {
  const { faults, faulty } = validateLayout(document);
  const broken = new Set(faulty.filter(([key]) => key !== 'partitions').map(([key]) => key));
  const brokenPartitions = new Set(faulty.filter(([key]) => key === 'partitions').map(([, index]) => index));
  if (brokenPartitions.has(undefined)) return { value: null, faults };

  const written = mappingAt(document.value, []) as unknown as LayoutFile;
  const sound = Object.fromEntries(
    Object.entries(written).filter(([key]) => !broken.has(key)),
  ) as unknown as LayoutFile;
  const partitions = (sound.partitions ?? []).map((each, index) => (brokenPartitions.has(index) ? null : each));
  if (partitions.length === 0) return { value: null, faults };
  const layout = resolveLayout({ ...sound, partitions }, { name, file: document.file });
  const misplaced = broken.has('sectorSize') || broken.has('alignment');
  const gap = misplaced ? 0 : partitions.indexOf(null);
  const scope = { document, complete: faulty.length === 0, firstGap: gap < 0 ? Number.POSITIVE_INFINITY : gap };
  const all = [...faults, ...partitionFaults(layout, scope), ...relationFaults(layout, scope)];
  return { value: all.length === 0 ? layout : null, faults: all };
}

/** Fills in every default and gives every partition its place. Pure; reports nothing. */
export function resolveLayout(written: LayoutFile, { name, file }: { name: string; file: string }): Layout {
  const sectorSize = Number(written.sectorSize ?? '512');
  const alignment = bytesOf(written.alignment ?? '1 MiB');
  const { head, tail } = gptReserved(sectorSize);
  const empty = written.empty ?? [];
  const partitions: Partition[] = [];
  let end = head;
  for (const [index, partition] of written.partitions.entries()) {
    if (partition === null) continue;
    const start = partition.start === undefined ? alignUp(end, alignment) : bytesOf(partition.start);
    const resolved = resolvePartition(partition, { number: index + 1, start, empty });
    partitions.push(resolved);
    end = Math.max(end, resolved.end);
  }
  return {
    name: written.name ?? name,
    file,
    size: written.size === undefined ? alignUp(end + tail, alignment) : bytesOf(written.size),
    sectorSize,
    physicalSectorSize: Number(written.physicalSectorSize ?? '4096'),
    alignment,
    partitions,
    overlays: written.overlays === undefined ? null : resolveOverlays(written.overlays),
  };
}

/** The schema alone. */
export const validateLayout: Validator = document => {
  validator ??= compileSchema(layoutSchema);
  return validator(document);
};

let validator: Validator | undefined;

function resolvePartition(
  written: PartitionFile,
  { number, start, empty }: { number: number; start: Bytes; empty: readonly string[] },
): Partition {
  const size = bytesOf(written.size);
  const slot = written.slot ?? null;
  const bits = (written.attributes ?? []).map(each => (typeof each === 'number' ? each : ATTRIBUTE_BITS[each]));
  return {
    number,
    name: written.name,
    content: written.content ?? defaultContent(written.name, slot),
    slot,
    start,
    end: start + size,
    size,
    type: partitionType(written.type) ?? written.type.toLowerCase(),
    attributes: [...new Set(bits)].sort((a, b) => a - b),
    filesystem: written.filesystem ?? 'none',
    label: written.label ?? '',
    mount: written.mount === undefined ? '' : tidy(written.mount),
    mountFlags: written.mountFlags ?? [],
    grow: written.grow ?? false,
    reserve: bytesOf(written.reserve ?? '0 B'),
    filled: !empty.includes(written.name),
  };
}

/** `RootFSA` of slot A -> `rootfs`; also `root-a`. */
function defaultContent(name: string, slot: Slot | null): string {
  const lower = name.toLowerCase();
  if (slot === null || !lower.endsWith(slot.toLowerCase())) return lower;
  return lower.slice(0, -1).replace(/[-_. ]+$/, '') || lower;
}

/** Where changes stand that are kept in memory; nobody sees another. */
const MEMORY_STORE = '/.caisson/overlays';

function resolveOverlays({ content = '', store = MEMORY_STORE, paths, direct, atUpdate }: OverlaysFile): Overlays {
  return {
    content,
    store: tidy(store),
    entries: paths.map(each => {
      const entry = typeof each === 'string' ? { path: each } : each;
      return { mode: 'full', flags: ['nosuid', 'nodev'], ...entry, path: tidy(entry.path) };
    }),
    direct: (direct ?? []).map(each => ({
      content,
      flags: ['nosuid', 'nodev', 'noexec'],
      ...each,
      path: tidy(each.path),
    })),
    atUpdate: (atUpdate ?? []).map(each => ({ ...each, path: tidy(each.path) })),
  };
}

/** `/var//lib/` -> `/var/lib` */
function tidy(directory: string): string {
  const normal = path.posix.normalize(directory);
  return normal === '/' ? normal : normal.replace(/\/$/, '');
}

/** The schema let only sizes through. */
const bytesOf = (size: string): Bytes => parseSize(size) ?? 0;

const alignUp = (offset: Bytes, alignment: Bytes): Bytes => Math.ceil(offset / alignment) * alignment;
