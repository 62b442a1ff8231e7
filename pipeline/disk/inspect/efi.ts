/** The EFI programs of a FAT partition, each copied out and decoded. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { formatSize, type Bytes } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { EfiBinary } from '../../formats/inspection.ts';
import { decodeEfiProgram, type EfiProgram } from '../../formats/uki.ts';
import type { FileEntry, PartitionFiles } from '../../formats/partition-files.ts';

/** Enough for any system partition; a partition of documents is not walked through. */
const MOST_FOLDERS = 256;
/** A kernel with an initrd of all drivers has 200 MiB. */
const MOST_BYTES: Bytes = 2 ** 30;

export interface EfiFindings {
  /** By path, in byte order. */
  binaries: EfiBinary[];
  faults: string[];
  notes: string[];
}

/** All files whose name ends in `.efi`. `scratch` is a host folder for one copy at a time. */
export async function readEfiPrograms(files: PartitionFiles, scratch: string): Promise<EfiFindings> {
  const findings: EfiFindings = { binaries: [], faults: [], notes: [] };
  for (const entry of await findPrograms(files, findings)) {
    const { path: name, bytes: size } = entry;
    const program = await readProgram(files, entry, scratch).catch((error: unknown) => {
      if (!(error instanceof FormatFault)) throw error;
      findings.faults.push(`${name}: ${error.message}`);
      return null;
    });
    findings.binaries.push({ path: name, size, program: program === null ? null : withRoots(program) });
  }
  return findings;
}

async function findPrograms(files: PartitionFiles, { notes }: EfiFindings): Promise<FileEntry[]> {
  const found: FileEntry[] = [];
  const folders = ['/'];
  for (let next = 0; next < folders.length; next += 1) {
    if (next === MOST_FOLDERS) {
      notes.push(`only ${MOST_FOLDERS} of its folders were searched for EFI programs`);
      break;
    }
    for (const entry of await files.list(folders[next] ?? '/')) {
      if (entry.type === 'directory') folders.push(entry.path);
      else if (entry.type === 'file' && /\.efi$/i.test(entry.path)) found.push(entry);
    }
  }
  return found.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

async function readProgram(files: PartitionFiles, entry: FileEntry, scratch: string): Promise<EfiProgram> {
  if (entry.bytes > MOST_BYTES)
    throw new FormatFault(`${formatSize(entry.bytes)} long; at most ${formatSize(MOST_BYTES)} are read`, '');
  const copy = path.join(scratch, 'program.efi');
  try {
    await files.extract(entry.path, copy);
    const file = await open(copy, 'r');
    try {
      const { size } = await file.stat();
      return await decodeEfiProgram(async (offset, length) => readOf(file, { offset, length }), size);
    } finally {
      await file.close();
    }
  } finally {
    await rm(copy, { force: true });
  }
}

async function readOf(file: FileHandle, { offset, length }: { offset: Bytes; length: Bytes }): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

/** Which partitions have the root hash is told later, when all of them are known. */
function withRoots(program: EfiProgram): EfiBinary['program'] {
  return { ...program, profiles: program.profiles.map(profile => ({ ...profile, root: null })) };
}
