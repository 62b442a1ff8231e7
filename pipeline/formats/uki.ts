/** Unified kernel images, their profiles and add-ons: UAPI.5, "Unified Kernel Image"; SBAT of the shim project. */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { decodePe, type PeSection } from './pe.ts';
import { type ReadAt, readFully } from './read-at.ts';

/** More than this in a section of text is damage. */
const MOST_TEXT: Bytes = 2 ** 16;

export interface UkiProfile {
  /** What a boot loader asks for with `@N`; null for a UKI without profiles. */
  index: number | null;
  /** ID= and TITLE= of its `.profile`; empty for none. */
  id: string;
  title: string;
  /** What the kernel gets: the profile's own, else that of the base; null for none in the file. */
  cmdline: string | null;
  /** Names of the sections of its own, `.profile` aside; for all others it has those of the base. */
  overrides: string[];
}

export interface EfiProgram {
  /** `uki` has a kernel; `addon` has parts of one and no kernel. */
  kind: 'uki' | 'addon' | 'program';
  machine: string;
  signatures: { count: number; size: Bytes };
  sections: PeSection[];
  /** Fields of `.osrel`; empty for none. */
  osRelease: Record<string, string>;
  /** Kernel release of `.uname`. */
  uname: string | null;
  /** Lines of `.sbat`: component, generation, … */
  sbat: string[];
  /** At least one of a UKI or add-on, none of another program. */
  profiles: UkiProfile[];
}

/** An EFI program of `size` bytes. Throws FormatFault for what firmware would not start, and for sections that cannot be. */
export async function decodeEfiProgram(read: ReadAt, size: Bytes): Promise<EfiProgram> {
  const { machine, sections, signatures } = await decodePe(read, size);
  const first = sections.findIndex(({ name }) => name === '.profile');
  const base = first === -1 ? sections : sections.slice(0, first);
  const textOf = async (name: string, among: readonly PeSection[]): Promise<string | null> => {
    const section = among.find(each => each.name === name);
    return section === undefined ? null : readText(read, section);
  };
  const kind = kindOf(sections);
  return {
    kind,
    machine,
    signatures,
    sections,
    osRelease: parseFields((await textOf('.osrel', base)) ?? ''),
    uname: (await textOf('.uname', base))?.trim() ?? null,
    sbat: ((await textOf('.sbat', base)) ?? '').split('\n').filter(line => line !== ''),
    profiles: kind === 'program' ? [] : await readProfiles(sections, base, textOf),
  };
}

/** "Only the .linux section is required"; an add-on has none, but at least one of the parts that may be added. */
function kindOf(sections: readonly PeSection[]): EfiProgram['kind'] {
  const has = (...names: string[]): boolean => sections.some(({ name }) => names.includes(name));
  if (has('.linux')) return 'uki';
  return has('.cmdline', '.dtb', '.ucode', '.initrd') ? 'addon' : 'program';
}

type TextOf = (name: string, among: readonly PeSection[]) => Promise<string | null>;

/** "Multi-Profile UKIs": each `.profile` begins one; its sections replace those of the base that have their names. */
async function readProfiles(
  sections: readonly PeSection[],
  base: readonly PeSection[],
  textOf: TextOf,
): Promise<UkiProfile[]> {
  const shared = await textOf('.cmdline', base);
  const starts = sections.flatMap(({ name }, at) => (name === '.profile' ? [at] : []));
  if (starts.length === 0) return [{ index: null, id: '', title: '', cmdline: tidy(shared), overrides: [] }];
  const profiles = starts.map(async (start, index) => {
    const own = sections.slice(start, starts[index + 1]);
    const fields = parseFields((await textOf('.profile', own)) ?? '');
    return {
      index,
      id: fields.ID ?? '',
      title: fields.TITLE ?? '',
      cmdline: tidy((await textOf('.cmdline', own)) ?? shared),
      overrides: own.slice(1).map(({ name }) => name),
    };
  });
  return Promise.all(profiles);
}

/** The stub strips what a file of one line ends with. */
function tidy(cmdline: string | null): string | null {
  return cmdline === null ? null : cmdline.trim();
}

/** Up to the first NUL: sections may be padded. */
async function readText(read: ReadAt, { name, offset, size }: PeSection): Promise<string> {
  if (size > MOST_TEXT)
    throw new FormatFault(
      `section ${name} of ${size} bytes; text has at most ${MOST_TEXT}`,
      'build the image again, or copy it again',
    );
  const bytes = await readFully(read, `section ${name}`, { offset, length: size });
  return Buffer.from(bytes).toString('utf8').split('\0')[0] ?? '';
}

/** KEY=value lines of os-release(5), with or without quotes; the last of a key counts. */
function parseFields(text: string): Record<string, string> {
  const rows = text.split('\n').flatMap(line => {
    const match = /^\s*([A-Za-z0-9_]+)=(.*)$/.exec(line);
    return match === null ? [] : [[match[1] ?? '', unquote((match[2] ?? '').trim())] as const];
  });
  return Object.fromEntries(rows);
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  if (quoted === null) return value;
  return quoted[1] === '"' ? (quoted[2] ?? '').replaceAll(/\\(["\\$`])/g, '$1') : (quoted[2] ?? '');
}
