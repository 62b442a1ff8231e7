/** A disk in memory with two slots: boot partitions with signed programs, roots with hash tree and FEC, and Data. */
import type { EfiBinary, InspectedPartition } from '../../pipeline/formats/inspection.ts';
import { readExtents, readFatLayout } from '../../pipeline/formats/fat-files.ts';
import { decodeUkiProgram } from './programs.ts';
import { decodeVerity } from '../../pipeline/formats/verity.ts';
import { readSubject, type TamperSubject } from '../../pipeline/tamper/subject.ts';
import { shifted, type Stratum } from '../../pipeline/tamper/trial.ts';
import { diskOf, MIB, rawImage } from '../disk/inspect/image.ts';
import { made } from '../formats/made.ts';

const HASH_OFFSET = 300 * 4096;

export interface DiskOptions {
  /** Is slot B's kernel and root there? */
  second: boolean;
  fec: boolean;
  /** Replaces the boot partition of slot A. */
  esp: Uint8Array;
}

/** The bytes can be changed before strata are read. */
export async function subjectOf(
  own: Partial<DiskOptions> = {},
): Promise<{ subject: TamperSubject; bytes: Uint8Array }> {
  const { second, fec, esp }: DiskOptions = { second: true, fec: true, esp: made('esp'), ...own };
  const root = made('fec-2');
  const { bytes, partitions } = diskOf([
    { name: 'ReefA', type: 'esp', content: esp, size: 2 * MIB },
    { name: 'SandA', content: root, size: 3 * MIB },
    { name: 'ReefB', type: 'esp', size: 2 * MIB, ...(second ? { content: made('esp') } : {}) },
    { name: 'SandB', size: 3 * MIB, ...(second ? { content: root } : {}) },
    { name: 'Shells', content: new Uint8Array([1]) },
  ]);
  const { read, size, sectorSize } = rawImage(bytes);
  const found: InspectedPartition[] = [];
  for (const partition of partitions) {
    const within = shifted(read, partition.start);
    const slot = partition.name.endsWith('A') ? 'A' : partition.name.endsWith('B') ? 'B' : null;
    const filled = slot !== 'B' || second;
    const isBoot = partition.name.startsWith('Reef') && filled;
    const verity =
      partition.name.startsWith('Sand') && filled
        ? await decodeVerity(within, { offset: HASH_OFFSET, room: 3 * MIB })
        : null;
    const parity = fec ? { start: 305 * 4096, end: root.length, roots: 2 } : null;
    found.push({
      ...partition,
      typeName: null,
      slot,
      size: partition.end - partition.start,
      used: null,
      free: null,
      faults: [],
      content: filled ? 'filesystem' : 'empty',
      filesystem: filled && (isBoot || verity !== null) ? { ...FILESYSTEM, size: isBoot ? MIB : HASH_OFFSET } : null,
      verity: verity === null ? null : { ...verity, fec: parity },
      efi: isBoot ? await binariesOf(within) : null,
    });
  }
  return { subject: await readSubject({ read, size, sectorSize }, found), bytes };
}

/** The stratum of a name; throws when there is none. */
export function stratumOf(strata: readonly Stratum[], name: string): Stratum {
  const found = strata.find(each => each.name === name);
  if (found === undefined) throw new Error(`no stratum ${name}; there are ${strata.map(each => each.name).join(', ')}`);
  return found;
}

const FILESYSTEM = {
  type: 'vfat' as const,
  variant: 'FAT12',
  uuid: null,
  label: '',
  blockSize: 512,
  used: null,
  free: null,
  compression: [],
  made: null,
  faults: [],
};

async function binariesOf(read: TamperSubject['read']): Promise<EfiBinary[]> {
  const { files } = await readFatLayout(read);
  const binaries: EfiBinary[] = [];
  for (const { path, size, extents } of files.filter(each => each.path.endsWith('.EFI')))
    binaries.push({ path, size, program: await decodeUkiProgram(await readExtents(read, extents, MIB), path) });
  return binaries;
}
