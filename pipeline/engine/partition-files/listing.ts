/** Programs that list all files of a partition at once, each by its whole path. */
import type { Inode } from '../../formats/inode.ts';

/** An inode whose id is its path: `/etc/hosts`; the root's is ''. */
export type Listed = Inode & { parent: string };

/** The answers of Reader.children. */
export function foldersOf(listed: readonly Listed[]): (folders: readonly string[]) => Promise<Inode[][]> {
  const folders = new Map<string, Inode[]>();
  for (const { parent, ...inode } of listed) {
    const held = folders.get(parent) ?? [];
    held.push(inode);
    folders.set(parent, held);
  }
  return async wanted => wanted.map(each => folders.get(each) ?? []);
}

/** `/a/b` -> parent `/a`, name `b`. */
export function splitPath(path: string): { parent: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { parent: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** Lines of a listing; one that does not begin as they do goes on with a name that has a line end in it. */
export function joinLines(text: string, begins: RegExp): string[] {
  const lines: string[] = [];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (begins.test(line) || lines.length === 0) lines.push(line);
    else lines.push(`${lines.pop() ?? ''}\n${line}`);
  }
  return lines;
}
