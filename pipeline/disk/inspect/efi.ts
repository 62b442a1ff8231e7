/** The EFI programs of a FAT partition, each copied out and decoded. */
import { readSignatures, type AuthenticodeSignature } from '../../formats/authenticode.ts';
import { certificateName } from '../../formats/certificate.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { EfiBinary, InspectedProgram } from '../../formats/inspection.ts';
import type { FileEntry, PartitionFiles } from '../../formats/partition-files.ts';
import { pcr11OfProfiles } from '../../formats/pcr.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { ReadAt } from '../../formats/read-at.ts';
import { decodeEfiProgram } from '../../formats/uki.ts';
import { withEfiFile } from './efi-file.ts';

/** Enough for any system partition; a partition of documents is not walked through. */
const MOST_FOLDERS = 256;

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
    const program = await withEfiFile(files, entry, { scratch, use: readProgram }).catch((error: unknown) => {
      if (!(error instanceof FormatFault)) throw error;
      findings.faults.push(`${name}: ${error.message}`);
      return null;
    });
    findings.binaries.push({ path: name, size, program });
    findings.faults.push(...unsoundSignatures(program).map(fault => `${name}: ${fault}`));
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

/** One program, with who signed it and what a TPM will show of its profiles. Throws FormatFault for what is none. */
export async function readProgram(read: ReadAt, size: Bytes): Promise<InspectedProgram> {
  const program = await decodeEfiProgram(read, size);
  const signers = (await readSignatures(read, size)).map(signerOf);
  const pcr11 = program.kind === 'uki' ? await pcr11OfProfiles(read, program.sections) : [];
  // Which partitions have the root hash is told later, when all of them are known.
  const profiles = program.profiles.map((profile, at) => ({ ...profile, root: null, pcr11: pcr11[at] ?? null }));
  return { ...program, signers, profiles };
}

/** A sentence for each signature that does not hold. */
export function unsoundSignatures(program: Pick<InspectedProgram, 'signers'> | null): string[] {
  return (program?.signers ?? []).flatMap(({ by, fault }) =>
    fault === null ? [] : [`the signature${by === '' ? '' : ` by ${by}`} is not sound: ${fault}`],
  );
}

function signerOf({ certificates, fault }: AuthenticodeSignature): InspectedProgram['signers'][number] {
  const [signer] = certificates;
  return { by: signer === undefined ? '' : certificateName(signer), fault };
}
