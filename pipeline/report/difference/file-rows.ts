/** Rows of what stands on the disk: partitions, programs, files. Pure. */
import { roundSize, type Bytes } from '../../formats/bytes.ts';
import type { PartitionChange, ProgramChange } from '../../formats/difference/disk.ts';
import type { FileChange, FileChanges, FileSummary } from '../../formats/difference/files.ts';
import { byPath } from '../../formats/image-contents.ts';
import { markOf, octal } from './rows.ts';
import type { Row } from './section.ts';

export function partitionRows(changes: readonly PartitionChange[]): Row[] {
  return changes.map(change => {
    const { name, old, new: next } = change;
    const size = (value: Bytes | null | undefined): string => (value == null ? '' : roundSize(value));
    const sizes = [old?.size, next?.size].filter(each => each !== undefined);
    const [one, other] = [old?.used ?? null, next?.used ?? null];
    return {
      mark: markOf(change),
      cells: [
        name,
        [...new Set(sizes)].map(roundSize).join(' -> '),
        size(one),
        size(other),
        one === null || other === null ? '' : signed(other - one),
        size(next?.free),
      ],
    };
  });
}

export function programRows(changes: readonly ProgramChange[]): Row[] {
  return changes.map(change => ({
    mark: markOf(change),
    cells: [
      `${change.partition}:${change.path}`,
      // Programs that are signed anew are often as long as before: the digest tells them apart.
      ...[change.old, change.new].map(each =>
        each === null ? '' : `${each.sha256.slice(0, 8)} ${roundSize(each.bytes)}`,
      ),
    ],
  }));
}

/** All three kinds, by path. */
export function changedFileRows({ added, removed, changed }: FileChanges): Row[] {
  const rows: { path: string; row: Row }[] = [
    ...added.map(file => ({ path: file.path, row: oneRow('+', file) })),
    ...removed.map(file => ({ path: file.path, row: oneRow('-', file) })),
    ...changed.map(change => ({ path: change.path, row: changeRow(change) })),
  ];
  return rows.toSorted(byPath).map(({ row }) => row);
}

function oneRow(mark: '+' | '-', file: FileSummary): Row {
  const size = file.type === 'file' ? roundSize(file.bytes) : '';
  return { mark, cells: [file.path, described(file), mark === '+' ? '' : size, mark === '+' ? size : ''] };
}

/** `0644`, with the owner where that is not root; a link by where it leads. */
function described({ type, mode, uid, gid, target }: FileSummary): string {
  const owner = uid === 0 && gid === 0 ? '' : ` ${uid}:${gid}`;
  if (type === 'symlink') return `-> ${target ?? ''}${owner}`;
  return `${octal(mode)}${owner}${type === 'file' ? '' : ` ${type === 'directory' ? 'folder' : 'device'}`}`;
}

function changeRow({ path, old, new: next, what }: FileChange): Row {
  const parts = {
    type: () => `${old.type} -> ${next.type}`,
    content: () => 'content',
    mode: () => `${octal(old.mode)} -> ${octal(next.mode)}`,
    owner: () => `${old.uid}:${old.gid} -> ${next.uid}:${next.gid}`,
    target: () => `-> ${next.target ?? ''}, was ${old.target ?? ''}`,
  };
  const size = ({ type, bytes }: FileSummary): string =>
    type === 'file' && (old.bytes !== next.bytes || old.type !== next.type) ? roundSize(bytes) : '';
  const same = old.type === 'file' && next.type === 'file' && old.bytes === next.bytes;
  return {
    mark: '~',
    cells: [path, what.map(each => parts[each]()).join(', '), size(old), same ? roundSize(next.bytes) : size(next)],
  };
}

function signed(bytes: Bytes): string {
  return bytes === 0 ? '' : bytes > 0 ? `+${roundSize(bytes)}` : `-${roundSize(-bytes)}`;
}
