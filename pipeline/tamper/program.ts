/** EFI programs: shim, selector and unified kernel images, as firmware and shim check them before they run. */
import { createHash } from 'node:crypto';
import { authenticodeRanges, readSignatures } from '../formats/authenticode.ts';
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { readExtents, type Extent, type FatFile } from '../formats/fat-files.ts';
import type { EfiBinary } from '../formats/inspection.ts';
import type { PePlace } from '../formats/pe.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { soundOrDamaged, type Check } from './check.ts';
import { hasOtherSlot, type BootPartition, type TamperSubject } from './subject.ts';
import { flipped, shifted, type Flip, type Judgement, type Place } from './trial.ts';

/** It is kept in memory; a kernel with an initrd of all drivers has 200 MiB. */
export const MOST_PROGRAM: Bytes = 2 ** 28;

export interface Program {
  boot: BootPartition;
  file: FatFile;
  binary: EfiBinary;
  /** `spare`: what shim starts when it refuses the selector. */
  role: 'shim' | 'selector' | 'spare' | 'UKI';
  /** Reads the file, out of memory. */
  read: ReadAt;
  sha256: string;
  /** DER of signers whose signature holds for the file as it is, in hexadecimal; empty for an unsigned one. */
  signers: string[];
  /** What their signatures cover. */
  covered: PePlace[];
  /** What becomes of the machine without it. */
  without: 'harmless' | 'fell back' | 'refused';
}

/** All that start on the way to the kernel, with their bytes. */
export async function readPrograms(subject: TamperSubject): Promise<Program[]> {
  const programs: Program[] = [];
  for (const boot of subject.boots)
    for (const binary of boot.partition.efi ?? []) {
      const file = boot.layout.files.find(({ path }) => path === binary.path.toUpperCase());
      if (file === undefined || binary.program === null) continue;
      const bytes = await readExtents(shifted(subject.read, boot.partition.start), file.extents, MOST_PROGRAM);
      const read: ReadAt = async (offset, length) => bytes.subarray(offset, offset + length);
      const signers = await validSigners(read, file.size);
      const covered = signers.length === 0 ? [] : await authenticodeRanges(read, file.size);
      const role = roleOf(binary);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const without = withoutIt(subject, boot, role);
      programs.push({ boot, file, binary, role, read, sha256, signers, covered, without });
    }
  return programs;
}

/** Signers of a program of `size` bytes, each in hexadecimal DER, whose signature fits its digest. Damage gives none. */
export async function validSigners(read: ReadAt, size: Bytes): Promise<string[]> {
  try {
    const signatures = await readSignatures(read, size);
    return signatures.flatMap(({ fault, certificates }) =>
      fault === null && certificates[0] !== undefined ? [Buffer.from(certificates[0]).toString('hex')] : [],
    );
  } catch (error) {
    if (error instanceof FormatFault) return [];
    throw error;
  }
}

/** The disk's extents of bytes [offset, offset + size) of a program, each with the file offset it begins at. */
export function extentsOf({ boot, file }: Program, { offset, size }: PePlace): (Extent & { at: Bytes })[] {
  const found: (Extent & { at: Bytes })[] = [];
  let at = 0;
  for (const { start, end } of file.extents) {
    const [from, to] = [Math.max(offset, at), Math.min(offset + size, at + end - start)];
    const base = boot.partition.start + start - at;
    if (from < to) found.push({ start: base + from, end: base + to, at: from });
    at += end - start;
  }
  return found;
}

/** The places of these bytes of a program, judged by its digest and signature. */
export function programPlaces(program: Program, part: PePlace): Place[] {
  const check = sbverify(program);
  return extentsOf(program, part).map(({ start, end, at }) => ({
    start,
    end,
    check,
    judge: async ({ offset, bit }) => judgeProgram(program, { offset: offset - start + at, bit }),
  }));
}

/** `flip` is an offset in the file. */
async function judgeProgram({ read, file, signers, covered, without }: Program, flip: Flip): Promise<Judgement> {
  const after = await validSigners(flipped(read, flip), file.size);
  if (!after.some(signer => signers.includes(signer)))
    return { outcome: without, why: 'digest or signature do not fit', expect: ['damaged'] };
  const inside = covered.some(({ offset, size }) => flip.offset >= offset && flip.offset < offset + size);
  return inside
    ? { outcome: 'failed', why: 'its signature holds for other bytes', expect: null }
    : {
        outcome: 'harmless',
        why: 'not covered by the signature, nor used: the program is the same',
        expect: ['sound'],
      };
}

function roleOf({ path, program }: EfiBinary): Program['role'] {
  if (program?.kind === 'uki') return 'UKI';
  if (/\/mm[a-z0-9]+\.efi$/i.test(path)) return 'spare';
  return /\/boot[a-z0-9]+\.efi$/i.test(path) ? 'shim' : 'selector';
}

/**
 * Firmware tries the next boot partition, the selector the next slot. But shim waits for a key on the console before it
 * goes on without its selector.
 */
function withoutIt(subject: TamperSubject, { partition }: BootPartition, role: Program['role']): Program['without'] {
  if (role === 'UKI') return hasOtherSlot(subject, partition) ? 'fell back' : 'refused';
  if (role === 'spare') return 'harmless';
  if (role === 'selector' && subject.boots[0]?.partition === partition) return 'refused';
  const paths = (partition.efi ?? []).map(({ path }) => path);
  const twins = subject.boots.filter(
    ({ partition: other }) => other !== partition && (other.efi ?? []).some(({ path }) => paths.includes(path)),
  );
  return twins.length > 0 ? 'fell back' : 'refused';
}

/** Sound when one of the signers' signatures holds, as firmware has it that trusts them all. */
function sbverify(program: Program): Check | null {
  const { boot, file, signers } = program;
  if (signers.length === 0) return null;
  const name = `efi-${boot.partition.number}${file.path.replaceAll(/[^A-Z0-9]/g, '-')}`;
  const certificates = [...new Set(signers)].map((signer, index) => [`${name}-${index}.pem`, pemOf(signer)] as const);
  const tries = certificates.map(([certificate]) => `sbverify --cert FOLDER/${certificate} COPY`);
  return {
    tool: 'sbverify',
    copy: { name, length: file.size, pieces: extentsOf(program, { offset: 0, size: file.size }) },
    argv: ['sh', '-c', tries.join(' || ')],
    files: Object.fromEntries(certificates),
    verdict: soundOrDamaged,
  };
}

function pemOf(der: string): string {
  const base64 = Buffer.from(der, 'hex')
    .toString('base64')
    .replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`;
}
