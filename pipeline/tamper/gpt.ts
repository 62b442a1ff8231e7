/** Protective MBR and both copies of the partition table, as EDK2 (PartitionDxe) and Linux (block/partitions/efi.c) read them. */
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { gptReserved } from '../formats/gpt.ts';
import { decodeGpt, type DecodedGpt } from '../formats/gpt-read.ts';
import { viewOf } from '../formats/read-at.ts';
import type { Check, ToolVerdict } from './check.ts';
import type { TamperSubject } from './subject.ts';
import { flipped, type Flip, type Judgement, type Place, type Stratum } from './trial.ts';

const RECORDS: Bytes = 446;
const RECORD: Bytes = 16;

/** UEFI 2.10, section 5.3.2: a primary copy that is not valid is replaced by the backup. */
export async function gptStrata(subject: TamperSubject): Promise<Stratum[]> {
  const { size, sectorSize } = subject;
  const { head, tail } = gptReserved(sectorSize);
  const sound = await decodeGpt(subject.read, size, sectorSize);
  const [header, entries] = [checkBy(subject, ['sgdisk', '-v']), checkBy(subject, ['sfdisk', '--verify'])];
  const table = (name: string, check: Check, { start, end }: { start: Bytes; end: Bytes }): Stratum => {
    const judge = async (flip: Flip): Promise<Judgement> => judgeTable(subject, sound, flip);
    return { name, places: [{ start, end, judge, check }], unprotected: '' };
  };
  const mbr: Place = { start: 0, end: 512, judge: async flip => judgeMbr(subject, flip), check: null };
  return [
    { name: 'protective MBR', places: [mbr], unprotected: '' },
    table('GPT primary header', header, { start: sectorSize, end: 2 * sectorSize }),
    table('GPT primary entries', entries, { start: 2 * sectorSize, end: head }),
    table('GPT backup entries', entries, { start: size - tail, end: size - sectorSize }),
    table('GPT backup header', header, { start: size - sectorSize, end: size }),
  ];
}

async function judgeTable(
  { read, size, sectorSize }: TamperSubject,
  sound: DecodedGpt,
  flip: Flip,
): Promise<Judgement> {
  let found: DecodedGpt;
  try {
    found = await decodeGpt(flipped(read, flip), size, sectorSize);
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { outcome: 'refused', why: 'neither copy of the table is valid', expect: ['damaged'] };
  }
  if (JSON.stringify(found.partitions) !== JSON.stringify(sound.partitions) || found.diskGuid !== sound.diskGuid)
    return { outcome: 'failed', why: 'another table passes for the right one', expect: null };
  const news = found.faults.filter(fault => !sound.faults.includes(fault));
  const broken = (copy: string): boolean => news.some(fault => fault.startsWith(copy));
  const expect: readonly ToolVerdict[] = news.length === 0 ? ['sound'] : ['damaged', 'repairable'];
  if (broken('primary'))
    return { outcome: 'fell back', why: 'the backup is used, and firmware repairs the primary', expect };
  if (broken('backup'))
    return { outcome: 'harmless', why: 'the primary is used, and the backup can be repaired', expect };
  if (news.length > 0) return { outcome: 'failed', why: 'the two copies differ, and both are valid', expect };
  return { outcome: 'harmless', why: 'no field of the table', expect };
}

/**
 * EDK2 takes a record that is not active, has type 0xEE and starts at sector 1; Linux asks for the signature and for
 * type and start, and only notes a size that is not the disk's. Neither reads code, CHS addresses or the disk's signature.
 */
async function judgeMbr({ read }: TamperSubject, flip: Flip): Promise<Judgement> {
  const mbr = await flipped(read, flip)(0, 512);
  const records = [0, 1, 2, 3].map(index => mbr.subarray(RECORDS + index * RECORD, RECORDS + (index + 1) * RECORD));
  const protective = records.filter(record => record[4] === 0xee && viewOf(record).getUint32(8, true) === 1);
  const signed = mbr[510] === 0x55 && mbr[511] === 0xaa;
  if (!signed) return { outcome: 'refused', why: 'no signature: Linux sees no partitions', expect: null };
  if (protective.length === 0)
    return { outcome: 'refused', why: 'no record of type 0xEE at sector 1: nobody looks for a table', expect: null };
  if (!protective.some(record => record[0] === 0))
    return { outcome: 'refused', why: 'the record is active: EDK2 sees no partitions', expect: null };
  return { outcome: 'harmless', why: 'neither firmware nor kernel reads it', expect: null };
}

/** These programs read the table alone, so a disk of zeros between its copies will do. */
function checkBy({ size, sectorSize }: TamperSubject, program: readonly [string, string]): Check {
  const { head, tail } = gptReserved(sectorSize);
  return {
    tool: program[0],
    copy: {
      name: 'table.raw',
      length: size,
      pieces: [
        { start: 0, end: head, at: 0 },
        { start: size - tail, end: size, at: size - tail },
      ],
    },
    argv: [...program, 'COPY'],
    files: {},
    // A copy that a program has put right in its memory is none of its problems any more.
    verdict: (_, output) =>
      /No (?:problems found|errors detected)/.test(output) && !/invalid|caution|warning|damaged|corrupt/i.test(output)
        ? 'sound'
        : 'damaged',
  };
}
