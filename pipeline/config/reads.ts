/**
 * Which files and folders loading an image depends on: those it read, and those it looked for in vain. Whoever watches
 * documents must know both, also after faults; handing a list through every function between would show in all of them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import path from 'node:path';

const recorder = new AsyncLocalStorage<(path: string) => void>();

/** Runs `work`; meanwhile `see` is told of every path, absolute, right before it is read or looked for. */
export async function recordReads<T>(see: (path: string) => void, work: () => Promise<T>): Promise<T> {
  return recorder.run(see, work);
}

/** Called where a document is read or looked for; a folder stands for all that is below it. */
export function noteRead(file: string): void {
  recorder.getStore()?.(path.resolve(file));
}
