/** One header of a tar -> a node of the tree, or why it can be none. Tars come from packages, and from strangers. */
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { parentOf, type Tree, type TreeNode } from './tree.ts';

/** What is looked at of a header; of the old fields and of pax (POSIX.1-2017, "pax Interchange Format"). */
export interface TarHeader {
  name: string;
  /** Null for a letter that the reader does not know. */
  type?: string | null | undefined;
  mode?: number | null | undefined;
  /** Null where the bytes are no number. */
  uid?: number | null | undefined;
  gid?: number | null | undefined;
  linkname?: string | null | undefined;
  devmajor?: number | null | undefined;
  devminor?: number | null | undefined;
  pax?: unknown;
}

export const XATTR = 'SCHILY.xattr.';
/** NAME_MAX of Linux, and PATH_MAX with its NUL: what file systems and kernels take. */
const LONGEST_NAME: Bytes = 255;
const LONGEST_PATH: Bytes = 4096;
/** How GNU tar says in pax that holes were left out: what follows is no content, but a map and pieces. */
const SPARSE = /^GNU\.sparse\./;

/**
 * Puts an entry into the tree; a later entry of a path takes the place of the earlier, as tar has it. `content` is where
 * its bytes stand. Throws FormatFault for what leads out of the tree, and for what no root file system holds.
 */
export function enter(tree: Tree, header: TarHeader, content: { file: string; offset: Bytes; bytes: Bytes }): void {
  const path = absolute(header.name);
  const { type } = header;
  if (!Number.isSafeInteger(content.bytes)) throw refusal(path, 'has a size that is no number', 'write the tar anew');
  const pax = (header.pax ?? {}) as Readonly<Record<string, string>>;
  if (Object.keys(pax).some(key => SPARSE.test(key)))
    throw refusal(path, 'is stored with holes left out', 'write the tar without --sparse');
  const common = {
    mode: (header.mode ?? 0) & 0o7777,
    uid: idOf(path, 'user', pax.uid ?? header.uid),
    gid: idOf(path, 'group', pax.gid ?? header.gid),
    target: '',
    content: null,
    xattrs: xattrsOf(pax),
    device: null,
  };
  // Without a name, or named `.`, it is the tree itself.
  if (path === '/' && type !== 'directory')
    throw refusal('/', `is ${kindOf(type)}, and the root is a directory`, 'give each entry of the tar a name');
  if (type === 'file' || type === 'contiguous-file') tree.set(path, { ...common, type: 'file', content });
  else if (type === 'directory') tree.set(path, { ...common, type });
  else if (type === 'symlink') tree.set(path, { ...common, type, target: targetOf(path, header.linkname) });
  else if (type === 'fifo') tree.set(path, { ...common, type });
  else if (type === 'character-device' || type === 'block-device')
    tree.set(path, { ...common, type, device: deviceOf(path, header) });
  else if (type === 'link') tree.set(path, linked(tree, path, absolute(header.linkname ?? '')));
  else throw refusal(path, `is ${kindOf(type)}, and has no place in a root file system`, 'leave it out of the tar');
}

/**
 * Whatever lies below something lies below a directory; not below a link either, behind which each reader of a tar finds
 * another place. Throws FormatFault.
 */
export function mustBeTree(tree: Tree): void {
  for (const path of tree.keys()) {
    if (path === '/') continue;
    // Those between may be missing in the tar.
    for (let above = parentOf(path); above !== '/'; above = parentOf(above)) {
      const type = tree.get(above)?.type;
      if (type === 'directory') break;
      if (type !== undefined)
        throw refusal(
          path,
          `lies below ${JSON.stringify(above)}, which is ${kindOf(type)}`,
          'pack the tree as it stands: tar -C DIR -c .',
        );
    }
  }
}

function absolute(name: string): string {
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (parts.includes('..') || name.includes('\0'))
    throw new FormatFault(
      `the tar entry ${JSON.stringify(name)} leads out of the tree`,
      'only names below the root are allowed',
    );
  const path = `/${parts.join('/')}`;
  // Bytes that are no UTF-8 come as U+FFFD: two names would become one, and neither would be the one that was meant.
  if (name.includes('\uFFFD'))
    throw new FormatFault(`the tar entry ${JSON.stringify(name)} has a name that is not UTF-8`, 'rename the file');
  const long = parts.find(part => Buffer.byteLength(part) > LONGEST_NAME) ?? '';
  if (long !== '' || Buffer.byteLength(path) >= LONGEST_PATH)
    throw new FormatFault(
      `the tar entry ${JSON.stringify(`${path.slice(0, 60)}…`)} has a name of ${Buffer.byteLength(long === '' ? path : long)} bytes`,
      `file systems take ${LONGEST_NAME} for a name, and less than ${LONGEST_PATH} for a path`,
    );
  return path;
}

/** Damage, or the base-256 form with a sign, gives what is no id. */
function idOf(path: string, what: string, value: string | number | null | undefined): number {
  const id = value === undefined ? 0 : Number(value);
  if (value !== null && Number.isInteger(id) && id >= 0 && id < 2 ** 32) return id;
  throw refusal(path, `belongs to ${what} ${JSON.stringify(value)}`, 'give it an owner with a number');
}

/** The bytes that pax holds of each attribute, as text. */
function xattrsOf(pax: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(pax).filter(([name]) => name.startsWith(XATTR));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(XATTR.length), value]));
}

/** Where a link leads is its own affair: nothing here follows it out of the tree. */
function targetOf(path: string, target: string | null | undefined): string {
  const wrong =
    target === null || target === undefined || target === ''
      ? 'leads nowhere'
      : target.includes('\0') || target.includes('\uFFFD')
        ? 'has a target that is not UTF-8, or holds a NUL'
        : Buffer.byteLength(target) >= LONGEST_PATH
          ? `has a target of ${Buffer.byteLength(target)} bytes`
          : null;
  if (wrong === null) return target ?? '';
  throw refusal(path, `is a symbolic link that ${wrong}`, 'make the link anew, or leave it out of the tar');
}

/** 12 and 20 bits: as Linux has them. */
function deviceOf(path: string, { devmajor = 0, devminor = 0 }: TarHeader): { major: number; minor: number } {
  const isBelow = (end: number, value: number | null): value is number =>
    value !== null && Number.isInteger(value) && value >= 0 && value < end;
  if (isBelow(2 ** 12, devmajor) && isBelow(2 ** 20, devminor)) return { major: devmajor, minor: devminor };
  throw refusal(path, `is the device ${devmajor}:${devminor}`, 'leave it out of the tar: devices come from the kernel');
}

function linked(tree: Tree, path: string, first: string): TreeNode {
  const node = tree.get(first);
  if (node === undefined)
    throw new FormatFault(
      `${path} is a hard link to ${first}, which does not come before it in the tar`,
      'write the tar anew; GNU tar puts the file first',
    );
  if (node.type === 'directory')
    throw refusal(path, `is a hard link to ${JSON.stringify(first)}, a directory`, 'make it a symbolic link');
  return node;
}

/** In words; of what the reader knows no name for, that. */
function kindOf(type: string | null | undefined): string {
  return type === null || type === undefined
    ? 'of a kind that is not known here (GNU tar makes such with --sparse)'
    : ({ file: 'a file', symlink: 'a symbolic link', link: 'a hard link' }[type] ?? `a ${type}`);
}

function refusal(path: string, what: string, hint: string): FormatFault {
  return new FormatFault(`${JSON.stringify(path)} ${what}`, hint);
}
