/** A disk of two slots for claims that damage it: 4 MiB, each byte of which is told by its place. */
import type { Claim } from '../../pipeline/claims/claim.ts';
import type { DiskParts } from '../../pipeline/claims/disk-parts.ts';
import type { Declaration } from '../../pipeline/formats/declaration.ts';
import type { Extent } from '../../pipeline/formats/fat-files.ts';
import { DECLARATION } from './subject.ts';

const KIB = 1024;
export const byteAt = (offset: number): number => (offset * 7 + (offset >> 8) * 13 + 1) & 0xff;
export const bytesAt = (offset: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => byteAt(offset + index));

const at = (start: number, kib: number): Extent => ({ start: start * KIB, end: (start + kib) * KIB });
const file = (path: string, slot: 'A' | 'B', extents: Extent[]): DiskParts['files'][number] => ({
  path,
  partition: `${path.endsWith('SLOT.EFI') ? 'Kern' : 'Helm'}${slot}`,
  slot,
  extents,
});
const boot = (slot: 'A' | 'B', from: number): DiskParts['files'][number][] => [
  file('/EFI/BOOT/BOOTX64.EFI', slot, [at(from + 10, 8)]),
  file('/EFI/BOOT/GRUBX64.EFI', slot, [at(from + 30, 4), at(from + 40, 12)]),
  file('/EFI/BOOT/MMX64.EFI', slot, [at(from + 60, 16)]),
  // Clusters of 512 bytes that do not follow each other.
  file('/EFI/CAISSON/GRUBENV', slot, [at(from + 80, 0.5), at(from + 90, 0.5)]),
  file('/EFI/CAISSON/SLOT.EFI', slot, [at(from + 100, 40)]),
];
const root = (slot: 'A' | 'B', from: number): DiskParts['roots'][number] => ({
  partition: `Sys${slot}`,
  slot,
  data: at(from, 400),
  tree: at(from + 400, 16),
  fec: at(from + 416, 24),
});
const partition = (name: string, number: number, { start, end }: Extent): DiskParts['partitions'][number] => ({
  name,
  number,
  slot: name.endsWith('A') ? 'A' : 'B',
  uuid: `01020304-0506-0708-090a-0b0c0d0e0f${String(number)}`,
  start,
  end,
});

export const DISK: DiskParts = {
  read: async (offset, length) => bytesAt(offset, length),
  partitions: [partition('KernA', 11, at(1000, 200)), partition('KernB', 12, at(1200, 200))],
  files: [...boot('B', 1200), ...boot('A', 1000)],
  roots: [root('B', 2048), root('A', 3072)],
};

export const ENFORCED: Declaration = {
  ...DECLARATION,
  verifiedBoot: 'enforced',
  features: { ...DECLARATION.features, tpm: 'on' },
  overlays: {
    content: 'cargo',
    store: '/.hold',
    entries: [{ path: '/etc', mode: 'declared', flags: [] }],
    direct: [],
    atUpdate: [],
  },
};

/** The extents of a file of a slot, by the last part of its path. */
export function extentsOf(name: string, slot: 'A' | 'B'): readonly Extent[] {
  return DISK.files.find(each => each.path.endsWith(`/${name}`) && each.slot === slot)?.extents ?? [];
}

/** What a claim's damage changes: offset of the disk -> the byte there, in order; what stays as it was is left out. */
export async function damagedBytes({ damage }: Pick<Claim, 'damage'>, disk = DISK): Promise<Map<number, number>> {
  const parts = (await damage?.(disk)) ?? [];
  const changed = parts.flatMap(({ start, bytes }) =>
    [...bytes].map((byte, index): [number, number] => [start + index, byte]),
  );
  return new Map(changed.filter(([offset, byte]) => byte !== byteAt(offset)).sort(([a], [b]) => a - b));
}

export const within = (offset: number, extents: readonly Extent[]): boolean =>
  extents.some(({ start, end }) => offset >= start && offset < end);
