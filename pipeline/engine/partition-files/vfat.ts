import { decodeLatin1 } from '../../formats/inode.ts';
import { foldersOf, type Listed } from './listing.ts';
import type { OpenReader } from './reader.ts';

/**
 * FAT by mtools(1): one listing of everything. Ids are paths of 8.3 names, where those are ASCII: mtools shows a
 * character beyond the BMP as `__`, and then finds no file by that long name.
 */
export const openVfat: OpenReader = async (_, programs) => {
  const text = await programs.text((image, offset) => ['mdir', '-a', '-/', '-i', `${image}@@${offset}`, '::/']);
  const listed = parseListing(decodeLatin1(text));
  if (listed === null) throw programs.fault('mdir', 'it lists files in words of its own');
  return {
    root: '',
    caseless: true,
    children: foldersOf(listed),
    extract: async (file, target) =>
      programs.write((image, offset) => ['mtype', '-i', `${image}@@${offset}`, `::${withoutPatterns(file.id)}`], {
        target,
        limit: file.bytes,
      }),
    unpack: null,
  };
};

/** mtools matches `*`, `?` and `[…]` by itself; a set of one character is that character. */
function withoutPatterns(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]');
}

const FOLDER = /^Directory for ::\/(.*?)\/?$/;
/** `GRUBX6~1 EFI    987654 2026-11-23  15:36  grubx64-signed.efi`: 8.3, size, time, and the long name if there is one. */
const LINE = /^(.{8}) (.{3}) (?:(<DIR>) {4}| *(\d+)) (\d{4})-(\d\d)-(\d\d) +(\d+):(\d\d) (?: (.+))?$/u;
const ASCII = /^[ -~]+$/;
const NO_FILE = /^(| Volume .*| +\d+ files? .*bytes| +[\d ]+ bytes free|Total files listed:|No files)$/;

/** Null for no listing. */
function parseListing(text: string): Listed[] | null {
  const listed: Listed[] = [];
  const ids = new Map([['/', '']]);
  let folder = '/';
  for (const line of text.split('\n')) {
    const next = FOLDER.exec(line)?.[1];
    if (next !== undefined) {
      folder = next === '' ? '/' : `/${next}/`;
      continue;
    }
    const match = LINE.exec(line);
    if (match === null && !NO_FILE.test(line)) return null;
    if (match === null) continue;
    const [, base = '', extension = '', isFolder, size = '0', year, month, day, hour, minute, long] = match;
    const short = `${base.trimEnd()}${extension.trimEnd() === '' ? '' : `.${extension.trimEnd()}`}`;
    const name = long ?? short;
    if (name === '.' || name === '..') continue;
    const parent = ids.get(folder);
    if (parent === undefined) return null;
    const id = `${parent}/${ASCII.test(short) ? short : name}`;
    if (isFolder !== undefined) ids.set(`${folder}${name}/`, id);
    listed.push({
      id,
      parent,
      name,
      type: isFolder === undefined ? 'file' : 'directory',
      mode: null,
      uid: null,
      gid: null,
      bytes: Number(size),
      modified: secondsOf([year, month, day, hour, minute].map(Number)),
      target: null,
    });
  }
  return listed;
}

/** Null for the month or day 0 of a file that was never given a date. */
function secondsOf([year = 0, month = 0, day = 0, hour = 0, minute = 0]: readonly number[]): number | null {
  return month === 0 || day === 0 ? null : Date.UTC(year, month - 1, day, hour, minute) / 1000;
}
