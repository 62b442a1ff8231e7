// A lock that others of this machine hold while they work (flock(1)): each measured run waits for it, outside of its time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs `work` while `file` is locked; null: at once. */
export async function alone(file, work) {
  if (file === null) return work();
  const holder = spawn('flock', [file, 'sh', '-c', 'echo; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await once(holder, 'close');
  }
}
