// One command, measured: seconds, and the memory of it and all below it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, statfsSync } from 'node:fs';
import { family } from './figures.mjs';

/**
 * Runs `argv`; `{ seconds, peak, node, largest }`. `peak`: bytes, sampled ten times a second, of anonymous memory of all
 * processes and of what stands in their file systems in memory (both unpack packages there); programs' own text and the page
 * cache do not count. `onSample` gets each sample, `onOutput` what it writes to stdout. Throws when it fails.
 */
export async function measured(argv, { cwd, env, quiet = false, onSample = () => {}, onOutput = null }) {
  const start = performance.now();
  const stdio = ['ignore', onOutput === null ? 'ignore' : 'pipe', quiet ? 'ignore' : 'inherit'];
  const child = spawn(argv[0], argv.slice(1), { cwd, env, stdio });
  child.stdout?.on('data', onOutput);
  let peak = 0;
  const timer = setInterval(() => {
    const taken = sample(child.pid);
    peak = Math.max(peak, taken.total);
    onSample(taken);
  }, 100);
  const [status] = await once(child, 'close').finally(() => clearInterval(timer));
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}`);
  return { seconds: (performance.now() - start) / 1000, peak };
}

/** Bytes now: `total` as above, `node`: RSS of the first process, `programs`: name and peak RSS of those below it. */
function sample(root) {
  const all = new Map();
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    const status = ended(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
    if (status !== null) all.set(Number(pid), status);
  }
  const value = (pid, name) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(all.get(pid) ?? '')?.[1] ?? '0';
  const parents = [...all.keys()].map(pid => [pid, Number(value(pid, 'PPid'))]);
  const [first, ...below] = family(root, parents);
  const inMemory = new Map();
  for (const pid of [first, ...below])
    for (const folder of ['tmp', 'var/tmp']) noteMemoryFiles(`/proc/${pid}/root/${folder}`, inMemory);
  const sum = values => values.reduce((before, each) => before + each, 0);
  return {
    total: sum([first, ...below].map(pid => Number(value(pid, 'RssAnon')) * 1024)) + sum([...inMemory.values()]),
    node: Number(value(first, 'VmRSS')) * 1024,
    programs: below.map(pid => ({ name: value(pid, 'Name'), bytes: Number(value(pid, 'VmHWM')) * 1024 })),
  };
}

/** TMPFS_MAGIC, statfs(2). The host's own /tmp counts only when it is one, and then for everybody. */
const TMPFS = 0x01021994;

function noteMemoryFiles(folder, inMemory) {
  const device = ended(() => statSync(folder).dev);
  const at = ended(() => statfsSync(folder));
  if (device !== null && at?.type === TMPFS) inMemory.set(device, (at.blocks - at.bfree) * at.bsize);
}

/** null for a process that ended meanwhile. */
function ended(read) {
  try {
    return read();
  } catch {
    return null;
  }
}
