/** Scratch folders are named after the process that made them: build-PID, tree-PID, vm-PID. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** Removes those whose process is gone: it was killed. */
export async function clearAbandoned(scratch: string): Promise<void> {
  for (const name of await readdir(scratch).catch(() => [])) {
    const pid = Number(/-(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && !alive(pid)) await rm(path.join(scratch, name), { recursive: true, force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
