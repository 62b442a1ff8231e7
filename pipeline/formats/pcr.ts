/** PCRs of a TPM 2.0, bank SHA-256, as hexadecimal; and what systemd-stub extends PCR 11 with (systemd-stub(7), 257). */
import { createHash } from 'node:crypto';
import { formatSize, type Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import type { PeSection } from './pe.ts';
import { type ReadAt, readFully } from './read-at.ts';

/** Of PCRs 0 to 16, when the machine starts. */
export const INITIAL_PCR = '00'.repeat(32);
const PIECE: Bytes = 2 ** 20;
/** Of all sections that are measured. A header of some KiB may speak of gigabytes: hashing them would take hours. */
const MOST_CONTENT: Bytes = 2 ** 31;
/** A kernel has some dozens of MiB of zeros behind its file. */
const MOST_ZEROS: Bytes = 2 ** 28;

/**
 * The sections that are measured, in the order in which they are. Not `.pcrsig`, which signs the outcome, nor
 * `.dtbauto`, of which the machine picks one.
 */
const MEASURED = [
  '.linux',
  '.osrel',
  '.cmdline',
  '.initrd',
  '.ucode',
  '.splash',
  '.dtb',
  '.uname',
  '.sbat',
  '.pcrpkey',
  '.profile',
  '.hwids',
] as const;

/** TPM 2.0 Library, part 1, section 17.2: the new value is the digest of the old one and of `digest`, both 32 bytes. */
export function extendPcr(pcr: string, digest: string): string {
  return createHash('sha256').update(Buffer.from(pcr, 'hex')).update(Buffer.from(digest, 'hex')).digest('hex');
}

/** A PCR that starts at zero, after all `digests`. */
export function extendedPcr(digests: readonly string[]): string {
  return digests.reduce(extendPcr, INITIAL_PCR);
}

/** One extension of a PCR. */
export interface Measurement {
  /** For people: `.linux`, `grubx64.efi`. */
  what: string;
  digest: string;
}

/**
 * PCR 11 of each profile of a UKI, as it is when the kernel starts: as many and in the order of decodeEfiProgram's
 * profiles. Throws FormatFault for sections that no machine has room for. `sections` is its section table. Each section is read once, by the MiB.
 */
export async function pcr11OfProfiles(read: ReadAt, sections: readonly PeSection[]): Promise<string[]> {
  const profiles = await measuredProfiles(read, sections);
  return profiles.map(each => extendedPcr(each.map(({ digest }) => digest)));
}

/** As pcr11OfProfiles: what PCR 11 is extended with, name and content of a section in turn. */
export async function measuredProfiles(read: ReadAt, sections: readonly PeSection[]): Promise<Measurement[][]> {
  const starts = sections.flatMap(({ name }, at) => (name === '.profile' ? [at] : []));
  const base = sections.slice(0, starts[0]);
  const own = starts.length === 0 ? [[]] : starts.map((start, at) => sections.slice(start, starts[at + 1]));
  const digests = new Map<PeSection, string>();
  const left = { content: MOST_CONTENT, zeros: MOST_ZEROS };
  const profiles: Measurement[][] = [];
  for (const profile of own) {
    const measured: Measurement[] = [];
    for (const name of MEASURED) {
      const section = find(profile, name) ?? find(base, name);
      if (section === undefined) continue;
      const digest = digests.get(section) ?? (await digestInMemory(read, within(section, left)));
      digests.set(section, digest);
      measured.push({ what: `name ${name}`, digest: sha256(`${name}\0`) }, { what: name, digest });
    }
    profiles.push(measured);
  }
  return profiles;
}

/** The stub takes the first of a name, and passes over what has no size in memory. */
function find(sections: readonly PeSection[], wanted: string): PeSection | undefined {
  return sections.find(({ name, memory }) => name === wanted && memory > 0);
}

/** Takes a section off what may still be hashed. Throws FormatFault when that is not enough. */
function within(section: PeSection, left: { content: Bytes; zeros: Bytes }): PeSection {
  left.content -= section.size;
  left.zeros -= Math.max(0, section.memory - section.size);
  if (left.content < 0) throw tooLarge(section, formatSize(MOST_CONTENT));
  if (left.zeros < 0) throw tooLarge(section, `${formatSize(MOST_ZEROS)} of zeros behind what the file has`);
  return section;
}

function tooLarge({ name, memory }: PeSection, most: string): FormatFault {
  return new FormatFault(
    `damaged EFI program: with ${name}, of ${memory} bytes in memory, its sections have more than ${most}`,
    'firmware would not start it; build the image again',
  );
}

/** What the loader made of it: content, then zeros. */
async function digestInMemory(read: ReadAt, { name, offset, size, memory }: PeSection): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += PIECE) {
    const place = { offset: offset + at, length: Math.min(PIECE, size - at) };
    hash.update(await readFully(read, `section ${name}`, place));
  }
  for (let at = size; at < memory; at += PIECE) hash.update(new Uint8Array(Math.min(PIECE, memory - at)));
  return hash.digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
