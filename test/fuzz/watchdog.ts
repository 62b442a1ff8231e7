/** A loop that never yields cannot be timed out from inside: a thread looks on, tells what hangs, and ends the process. */
import { Worker } from 'node:worker_threads';
import { afterAll } from 'vitest';

const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
let timer;
parentPort.on('message', what => {
  clearTimeout(timer);
  if (what === null) return;
  timer = setTimeout(() => {
    writeSync(2, 'hangs for ' + workerData + ' s: ' + JSON.stringify(what).slice(0, 20000) + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }, workerData * 1000);
});`;

/** To be told what is begun, and null for nothing. `seconds`: far more than anything takes on a busy machine. */
export function watchdog(seconds: number): (what: string | null) => void {
  const worker = new Worker(SCRIPT, { eval: true, workerData: seconds });
  worker.unref();
  afterAll(async () => void (await worker.terminate()));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it has none: a thread, no window
  return what => worker.postMessage(what);
}
