/** How files stand, so that a change shows without reading them. */
import { lstatSync, readdirSync, statSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import { isEditorsOwn } from '../../config/editors.ts';

/** By path: what differs once a file was written, replaced, or given another mode. Of what is not there nothing. */
export type FileStates = ReadonlyMap<string, string>;

export interface Edit {
  /** Absolute. */
  path: string;
  what: 'new' | 'changed' | 'gone';
}

/**
 * Of one file, or of a folder with everything below it. A link that is named itself is followed, those below a folder
 * are not: there they are content. Synchronous: for some hundred files that is a few milliseconds, and nothing can
 * change the answer half way.
 */
export function statesOf(place: string): FileStates {
  const states = new Map<string, string>();
  const found = lookAt(() => statSync(place, { bigint: true }));
  if (found !== null) add(place, found, states);
  return states;
}

/** Sorted by path. */
export function editsBetween(before: FileStates, after: FileStates): Edit[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths.flatMap((each): Edit[] => {
    const [old, next] = [before.get(each), after.get(each)];
    if (old === next) return [];
    return [{ path: each, what: old === undefined ? 'new' : next === undefined ? 'gone' : 'changed' }];
  });
}

function add(place: string, found: BigIntStats, states: Map<string, string>): void {
  if (!found.isDirectory()) {
    const { ino, mode, size, mtimeNs, ctimeNs } = found;
    states.set(place, [ino, mode, size, mtimeNs, ctimeNs].join(' '));
    return;
  }
  // Not its times: what editors leave in it for a moment changes them.
  states.set(place, `folder ${found.mode}`);
  for (const name of lookAt(() => readdirSync(place)) ?? []) {
    if (isEditorsOwn(name)) continue;
    const below = path.join(place, name);
    const entry = lookAt(() => lstatSync(below, { bigint: true }));
    if (entry !== null) add(below, entry, states);
  }
}

/** Null for what is not there, is no folder, or is closed to us: loading says so where it matters. */
function lookAt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
