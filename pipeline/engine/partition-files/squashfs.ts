import { contentLength, decodeLatin1, type Inode } from '../../formats/inode.ts';
import { PathFault } from './fault.ts';
import { foldersOf, joinLines, splitPath, type Listed } from './listing.ts';
import type { OpenReader } from './reader.ts';

/** squashfs by unsquashfs(1): one listing of everything. Ids are paths, one character a byte. */
export const openSquashfs: OpenReader = async (_, programs) => {
  const text = await programs.text((image, offset) => [
    'unsquashfs',
    '-lln',
    '-full-precision',
    '-UTC',
    '-dest',
    '',
    '-offset',
    String(offset),
    image,
  ]);
  const listed = parseListing(text);
  if (listed === null) throw programs.fault('unsquashfs', 'it lists files in words of its own');
  return {
    root: '',
    caseless: false,
    children: foldersOf(listed),
    extract: async (file, target) => {
      const path = decodeLatin1(file.id);
      // Arguments of programs are text here; no other byte gets through.
      if (Buffer.from(path).toString('latin1') !== file.id)
        throw new PathFault(
          `${path}: unsquashfs cannot be asked for a name that is no UTF-8`,
          'mount the partition to read this file',
        );
      await programs.write(
        (image, offset) => ['unsquashfs', '-no-wildcards', '-offset', String(offset), '-cat', image, path],
        { target, limit: file.bytes },
      );
    },
    unpack: {
      argv: (image, offset, folder) => [
        'unsquashfs',
        '-force',
        '-no-progress',
        '-no-xattrs',
        '-offset',
        String(offset),
        '-dest',
        folder,
        image,
      ],
      // 2: there are device nodes, which nobody can make in a sandbox.
      ends: [0, 2],
    },
  };
};

/** Of a device the size is `1,  3`. */
const LINE =
  /^([-dlcbps])([-rwxsStT]{9}) (\d+)\/(\d+) +(?:(\d+)|\d+, *\d+) (\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) (.*)$/s;
const TYPES: Readonly<Record<string, Inode['type']>> = { '-': 'file', d: 'directory', l: 'symlink' };
const ARROW = ' -> ';

/** `lrwxrwxrwx 0/0     5 2026-11-23 15:33:47 /etc/link -> plain`, the root first and with no path; null for no listing. */
function parseListing(text: string): Listed[] | null {
  const listed: Listed[] = [];
  for (const line of joinLines(text, LINE)) {
    const match = LINE.exec(line);
    if (match === null) return null;
    const [, letter = '', permissions = '', uid, gid, size = '0', year, month, day, hour, minute, second, rest = ''] =
      match;
    const type = TYPES[letter] ?? 'other';
    const bytes = contentLength(type, Number(size));
    // Both may have an arrow in them; the length of the target says which one divides them.
    const end = type === 'symlink' ? rest.length - bytes - ARROW.length : rest.length;
    if (end < 0 || (type === 'symlink' && !rest.startsWith(ARROW, end))) return null;
    const id = rest.slice(0, end);
    if (id === '') continue;
    const { parent, name } = splitPath(id);
    listed.push({
      id,
      parent,
      name: decodeLatin1(name),
      type,
      mode: parsePermissions(permissions),
      uid: Number(uid),
      gid: Number(gid),
      bytes,
      modified:
        Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) / 1000,
      target: type === 'symlink' ? decodeLatin1(rest.slice(end + ARROW.length)) : null,
    });
  }
  return listed;
}

/** `rwsr-x--T` -> 05750: as ls(1) writes permission bits. */
function parsePermissions(text: string): number {
  const special = [0o4000, 0o2000, 0o1000];
  return Array.from(text).reduce((mode, letter, index) => {
    const bit = letter === '-' || letter === 'S' || letter === 'T' ? 0 : 0o400 >> index;
    return mode | bit | (/[sStT]/.test(letter) ? (special[Math.floor(index / 3)] ?? 0) : 0);
  }, 0);
}
