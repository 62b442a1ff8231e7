/** The EFI programs of an image, for a terminal. Pure. */
import { roundSize } from '../formats/bytes.ts';
import {
  partitionLabel,
  type EfiBinary,
  type InspectedPartition,
  type InspectedProfile,
  type InspectedProgram,
} from '../formats/inspection.ts';
import { drawFields } from './fields.ts';
import { painter } from './paint.ts';
import { count, plainText, wrapText } from './text.ts';

const KINDS = { uki: 'unified kernel image', addon: 'add-on of a kernel image', program: 'EFI program' } as const;

interface Options {
  width: number;
  color: boolean;
}

/** A block a program, empty lines between; empty when there is none. */
export function drawEfi(partitions: readonly InspectedPartition[], options: Options): string {
  const blocks = partitions.flatMap(partition =>
    (partition.efi ?? []).map(each => drawBinary(partition, each, options)),
  );
  return blocks.join('\n\n');
}

function drawBinary(partition: InspectedPartition, binary: EfiBinary, options: Options): string {
  return drawProgram({ ...binary, path: `${partitionLabel(partition)}:${binary.path}` }, options);
}

/** The block of one program. */
export function drawProgram({ path: name, size, program }: EfiBinary, options: Options): string {
  const title =
    program === null
      ? `${name}: damaged`
      : `${name}: ${KINDS[program.kind]} for ${program.machine}, ${roundSize(size)}`;
  const lines = wrapText(plainText(title), options.width).map(line => painter(options.color)('bold', line));
  return [...lines, ...(program === null ? [] : drawFields(describe(program), options))].join('\n');
}

function describe(program: InspectedProgram): [string, string][] {
  const { osRelease, uname, sections, sbat, profiles } = program;
  const shared = sharedWords(profiles);
  return [
    ['system', osRelease.PRETTY_NAME ?? osRelease.NAME ?? osRelease.ID ?? ''],
    ['kernel', uname ?? ''],
    ['signed', describeSigners(program)],
    ['SBAT', sbat.map(line => line.split(',').slice(0, 2).join(' ')).join(', ')],
    [
      'sections',
      program.kind === 'program' ? '' : sections.map(each => `${each.name} ${roundSize(each.size)}`).join(', '),
    ],
    ['command', shared.join(' ')],
    ...profiles.flatMap(profile => describeProfile(profile, shared.length)),
  ];
}

function describeSigners({ signatures, signers }: InspectedProgram): string {
  if (signatures.count === 0) return 'no';
  const each = signers.map(({ by, fault }) => `${by || 'nobody known'}${fault === null ? '' : ' (not sound)'}`);
  return `by ${each.join(', by ')}; ${count(signatures.count, 'signature')}, ${roundSize(signatures.size)}`;
}

/** Words that all command lines begin with: shown once. */
function sharedWords(profiles: readonly InspectedProfile[]): string[] {
  const [first = [], ...others] = profiles.map(({ cmdline }) => (cmdline ?? '').split(' '));
  const end = first.findIndex((word, index) => others.some(words => words[index] !== word));
  return end === -1 ? first : first.slice(0, end);
}

function describeProfile(
  { index, id, title, cmdline, root, pcr11 }: InspectedProfile,
  shared: number,
): [string, string][] {
  const rest = (cmdline ?? '').split(' ').slice(shared).join(' ');
  const name = index === null ? 'root' : `@${index} ${id}`;
  const places = root?.partitions.join(', ') ?? '';
  const hash = root === null ? '' : places === '' ? `root hash ${root.hash} of no partition` : `root hash of ${places}`;
  const more = rest === '' ? '' : `adds ${rest}`;
  const pcr = pcr11 === null ? '' : `PCR 11 ${pcr11}`;
  return [[name, [title, hash, more, pcr].filter(text => text !== '').join('; ')]];
}
