/** What `caisson inspect` finds in an image: plain data, for JSON and for the report. */
import type { Bytes } from './bytes.ts';
import type { Filesystem } from './filesystem/filesystem.ts';
import type { EfiProgram, UkiProfile } from './uki.ts';
import type { Verity } from './verity.ts';

export interface Inspection {
  container: Container;
  /** Null when the disk has no partition table that can be read; `faults` says why. */
  gpt: { diskGuid: string; faults: string[] } | null;
  partitions: InspectedPartition[];
  /** All that is wrong, each with the name of its place; empty for a sound image. */
  faults: string[];
  /** What was not looked at, and why. */
  notes: string[];
}

export interface Container {
  /** `vhdx`, `raw`, …: the kind of the file. */
  format: string;
  /** Of the virtual disk. */
  size: Bytes;
  fileSize: Bytes;
  /** Logical. */
  sectorSize: Bytes;
  /** What only a VHDX tells; null for others. */
  vhdx: {
    subformat: 'dynamic' | 'fixed';
    physicalSectorSize: Bytes;
    blockSize: Bytes;
    blocks: { present: number; total: number };
    creator: string;
    diskId: string;
    fileWriteGuid: string;
    dataWriteGuid: string;
    /** An image with a log that is still to be replayed is refused. */
    log: { state: 'empty'; size: Bytes };
  } | null;
}

export interface InspectedPartition {
  number: number;
  name: string;
  /** Type GUID. */
  type: string;
  /** Null for a type that has no name here. */
  typeName: string | null;
  uuid: string;
  attributes: number[];
  /** Its slot by its name: one of two that differ in a last letter A or B. */
  slot: 'A' | 'B' | null;
  start: Bytes;
  /** Half open. */
  end: Bytes;
  size: Bytes;
  /**
   * `hashes`: a hash tree whose data stand elsewhere. `empty`: its first MiB is zeros. `unknown`: something that is
   * not known here. `damaged`: something is known, but `faults` says why it could not be read.
   */
  content: 'filesystem' | 'hashes' | 'empty' | 'unknown' | 'damaged';
  filesystem: Filesystem | null;
  verity: InspectedVerity | null;
  /** With hash tree and FEC; null when it is not known. */
  used: Bytes | null;
  free: Bytes | null;
  /** EFI programs on it, by path; null when it is not FAT, and when nobody looked. */
  efi: EfiBinary[] | null;
  /** Those of `Inspection.faults` that are its own, without its name. */
  faults: string[];
}

export interface InspectedVerity extends Verity {
  /** `end` and `roots` are not on the disk: they come from a kernel command line, null without one that fits. */
  fec: { start: Bytes; end: Bytes | null; roots: number | null } | null;
}

export interface EfiBinary {
  path: string;
  size: Bytes;
  /** Null when it could not be read as one; the partition's faults say why. */
  program: InspectedProgram | null;
}

export interface InspectedProgram extends Omit<EfiProgram, 'profiles'> {
  /**
   * Of each signature: common name of the signer's certificate, empty when there is none, and why it is not sound;
   * null for one that is. Trust in the signer is the firmware's.
   */
  signers: { by: string; fault: string | null }[];
  profiles: InspectedProfile[];
}

export interface InspectedProfile extends UkiProfile {
  /** The root hash that its command line asks for, and the partitions that have it; null when it asks for none. */
  root: { hash: string; partitions: string[] } | null;
  /** PCR 11 (SHA-256, hexadecimal) when the kernel starts, with systemd-stub 257; null for an add-on. */
  pcr11: string | null;
}

/** Partitions of other programs may have no name. */
export function partitionLabel({ number, name }: Pick<InspectedPartition, 'number' | 'name'>): string {
  return name === '' ? `partition ${number}` : name;
}
