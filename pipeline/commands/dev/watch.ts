/**
 * Watches what an image is made of, by looking again and again. The kernel could tell (inotify), but not of network and
 * shared folders, not beyond a limit for all of a user's programs, and not of files that are not there yet; and what
 * counts is not that something happened but whether the files are others than those that were read.
 */
import { editsBetween, type Edit, type FileStates } from './states.ts';

export interface Watch {
  /** A file or folder is about to be read, or was looked for. What is new is watched from now on, as it stands now. */
  see(path: string): void;
  /** Everything is read anew from now on. */
  begin(): void;
  /** What was not seen since `begin` is of no interest any more: after reading without faults. */
  settle(): void;
  /** Is anything other than it was when it was read? */
  stale(): boolean;
  /** Resolves when something is, and has then stood still for a moment. Each edit is told once. */
  next(signal: AbortSignal): Promise<Edit[]>;
  readonly count: number;
}

export interface WatchOptions {
  stateOf: (path: string) => FileStates;
  /** Rejects with the reason of `signal`. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds. */
  now: () => number;
}

const EVERY_MS = 150;
/** Editors write, rename and change the mode; a checkout takes a moment for many files. */
const STILL_MS = 100;
/** Looking takes no more than this part of the time, however many files there are. */
const SHARE = 1 / 20;

export function openWatch({ stateOf, sleep, now }: WatchOptions): Watch {
  /** By what is watched; a file that is also below a watched folder is there twice. */
  const known = new Map<string, FileStates>();
  const seen = new Set<string>();
  let cost = 0;
  const look = (): Map<string, FileStates> => {
    const start = now();
    const states = new Map([...known.keys()].map(path => [path, stateOf(path)]));
    cost = now() - start;
    return states;
  };
  const pause = async (least: number, signal: AbortSignal): Promise<void> =>
    sleep(Math.max(least, cost / SHARE), signal);
  return {
    see(path) {
      seen.add(path);
      if (!known.has(path)) known.set(path, stateOf(path));
    },
    begin: () => seen.clear(),
    settle() {
      for (const path of known.keys()) if (!seen.has(path)) known.delete(path);
    },
    stale: () => editsOf(known, look()).length > 0,
    async next(signal) {
      for (;;) {
        await pause(EVERY_MS, signal);
        let states = look();
        for (let moving = editsOf(known, states).length > 0; moving;) {
          await pause(STILL_MS, signal);
          const later = look();
          moving = editsOf(states, later).length > 0;
          states = later;
        }
        const edits = editsOf(known, states);
        for (const [path, state] of states) if (known.has(path)) known.set(path, state);
        if (edits.length > 0) return edits;
      }
    },
    get count() {
      return known.size;
    },
  };
}

/** Each path once. What is watched in only one of the two was not looked at then. */
function editsOf(before: ReadonlyMap<string, FileStates>, after: ReadonlyMap<string, FileStates>): Edit[] {
  const edits = [...after].flatMap(([path, states]) => {
    const old = before.get(path);
    return old === undefined ? [] : editsBetween(old, states);
  });
  return [...new Map(edits.map(each => [each.path, each])).values()];
}
