/** mtree(5), the list of files that bsdtar, mtree and others read: one full path a line, with all that its file is. */
import type { ContentFile } from './image-contents.ts';
import { FormatFault } from './fault.ts';

/** A file, and whose it is; no tag for a directory, which may be of several. */
export interface MtreeEntry extends Omit<ContentFile, 'type'> {
  type: 'file' | 'directory' | 'symlink';
  tag: string | null;
}

const TYPES = { file: 'file', directory: 'dir', symlink: 'link' } as const;
const HEADER = '#mtree';

/** In the order given. */
export function encodeMtree(entries: readonly MtreeEntry[]): string {
  return [HEADER, ...entries.map(encodeEntry), ''].join('\n');
}

/** What `encodeMtree` writes, each path once. Throws FormatFault with the line for anything else. */
export function decodeMtree(text: string): MtreeEntry[] {
  const [header, ...lines] = text.split('\n');
  if (header !== HEADER || lines.at(-1) !== '')
    throw new FormatFault(
      `a list of files starts with ${HEADER} and ends with a whole line`,
      'take it out of the release anew',
    );
  const entries = lines.slice(0, -1).map((line, index) => decodeEntry(line, index + 2));
  const paths = new Set<string>();
  for (const [index, { path }] of entries.entries()) {
    // Readers take the first of two, the last, or both together.
    if (paths.has(path)) throw noEntry(index + 2, `has ${path}, which is there before`);
    paths.add(path);
  }
  return entries;
}

function encodeEntry({ path, type, mode, uid, gid, bytes, target, sha256, tag }: MtreeEntry): string {
  return [
    path === '/' ? '.' : `.${quote(path)}`,
    `type=${TYPES[type]}`,
    `mode=${mode.toString(8).padStart(4, '0')}`,
    `uid=${uid}`,
    `gid=${gid}`,
    ...(type === 'file' ? [`size=${bytes}`] : []),
    ...(sha256 === null ? [] : [`sha256digest=${sha256}`]),
    ...(target === null ? [] : [`link=${quote(target)}`]),
    ...(tag === null ? [] : [`tags=${quote(tag)}`]),
  ].join(' ');
}

function decodeEntry(line: string, number: number): MtreeEntry {
  const [name = '', ...words] = line.split(' ');
  const values = new Map(words.map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
  const type = Object.entries(TYPES).find(([, word]) => word === values.get('type'))?.[0] as
    | MtreeEntry['type']
    | undefined;
  const digits = (key: string, radix = 10): number => Number.parseInt(values.get(key) ?? '', radix);
  const [mode, uid, gid] = [digits('mode', 8), digits('uid'), digits('gid')];
  const bytes = type === 'file' ? digits('size') : 0;
  const refused = `is no entry: "${line.slice(0, 100)}"`;
  if (!name.startsWith('.') || type === undefined || ![mode, uid, gid, bytes].every(each => each >= 0))
    throw noEntry(number, refused);
  const [target, tag] = [values.get('link'), values.get('tags')];
  const entry = {
    path: name === '.' ? '/' : unquote(name.slice(1)),
    type,
    mode,
    uid,
    gid,
    bytes,
    target: target === undefined ? null : unquote(target),
    sha256: values.get('sha256digest') ?? null,
    tag: tag === undefined ? null : unquote(tag),
  };
  // Unknown and repeated keywords, and numbers with a tail: others may read them otherwise than we do.
  if (encodeEntry(entry) !== line) throw noEntry(number, refused);
  return entry;
}

function noEntry(line: number, what: string): FormatFault {
  return new FormatFault(`line ${line} of a list of files ${what}`, 'take it out of the release anew');
}

/** vis(3) with octal digits, by byte: blanks, what ends a name or starts a comment, and what is no printable ASCII. */
function quote(text: string): string {
  return text.replaceAll(/[^!"$-<>-[\]-~]+/gu, part =>
    [...Buffer.from(part)].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  );
}

function unquote(text: string): string {
  return text.replaceAll(/(?:\\[0-7]{3})+/g, part =>
    Buffer.from(
      part
        .slice(1)
        .split('\\')
        .map(digits => Number.parseInt(digits, 8)),
    ).toString('utf8'),
  );
}
