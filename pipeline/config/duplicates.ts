/** Entries of a list that name the same thing twice. */
import { fault } from './document.ts';
import type { Document } from './document.ts';
import { formatPath, listAt, valueAt } from './paths.ts';
import type { Path } from './paths.ts';
import type { Diagnostic } from './types.ts';

/** One fault for each entry at `list` whose `key` (empty: the entry itself) an earlier one has; `noun` says what it is. */
export function duplicateFaults(
  document: Document,
  list: Path,
  { key, noun }: { key: Path; noun: string },
): Diagnostic[] {
  const first = new Map<unknown, Path>();
  const faults: Diagnostic[] = [];
  for (const [index, entry] of listAt(document.value, list).entries()) {
    const value = valueAt(entry, key);
    const path = [...list, index, ...key];
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const before = first.get(value);
    if (before === undefined) first.set(value, path);
    else
      faults.push(fault(document, path, `duplicate ${noun} ${JSON.stringify(value)}, first is ${formatPath(before)}`));
  }
  return faults;
}
