/** Machines that run in the foreground of some terminal, written down for those who want to log in to them. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolders, type Environment } from '../environment.ts';
import { replaceFile } from '../files.ts';

export interface RunningMachine {
  /** The process that shows its console. */
  pid: number;
  /** When that process began, in the kernel's own count: numbers of processes are used again. */
  began: string;
  /** Name of the image, without folder and extension. */
  name: string;
  /** Its file, as an absolute path. */
  image: string;
  /** Host path of the tree that it runs from. */
  tree: string;
  /** Null where the image does not say. */
  user: string | null;
  /** Port of the loopback that leads to the guest's port 22; null without a network. */
  port: number | null;
  /** As the guest told them on its console: "ssh-ed25519 AAAA…". */
  hostKeys: readonly string[];
  /** What the guest said of itself: not ready yet, ready, or ready with nobody able to log in over the network. */
  state: 'booting' | 'ready' | 'closed';
}

export interface Announced {
  update(change: Partial<RunningMachine>): Promise<void>;
  withdraw(): Promise<void>;
}

/** Writes a machine of this process down, until `withdraw`. What killed processes left is cleared away. */
export async function announce(
  environment: Pick<Environment, 'cache'>,
  machine: Omit<RunningMachine, 'pid' | 'began'>,
): Promise<Announced> {
  const { vms } = cacheFolders(environment.cache);
  await mkdir(vms, { recursive: true });
  await clearEnded(vms);
  const { pid } = process;
  const file = path.join(vms, `${machine.name}-${pid}.json`);
  const told = { now: { ...machine, pid, began: (await beginning(pid)) ?? '' } };
  await replaceFile(file, JSON.stringify(told.now));
  // One after another, or the older of two could be the last.
  const queue = { tail: Promise.resolve() };
  return {
    update: async change => {
      told.now = { ...told.now, ...change };
      const text = JSON.stringify(told.now);
      queue.tail = queue.tail.then(() => replaceFile(file, text));
      await queue.tail;
    },
    withdraw: async () => {
      await queue.tail.catch(() => undefined);
      await rm(file, { force: true });
    },
  };
}

/** Those whose process lives, by name. */
export async function runningMachines(environment: Pick<Environment, 'cache'>): Promise<RunningMachine[]> {
  const { vms } = cacheFolders(environment.cache);
  const files = (await readdir(vms).catch((): string[] => [])).filter(name => name.endsWith('.json'));
  const all = await Promise.all(files.map(async name => readMachine(path.join(vms, name))));
  return all
    .flatMap(each => (each === null ? [] : [each]))
    .toSorted((a, b) => a.name.localeCompare(b.name) || a.pid - b.pid);
}

async function clearEnded(vms: string): Promise<void> {
  for (const name of await readdir(vms)) {
    const file = path.join(vms, name);
    if ((await readMachine(file)) === null) await rm(file, { force: true });
  }
}

/** Null when its process is no more. */
async function readMachine(file: string): Promise<RunningMachine | null> {
  try {
    const machine = JSON.parse(await readFile(file, 'utf8')) as RunningMachine;
    return (await beginning(machine.pid)) === machine.began ? machine : null;
  } catch {
    return null;
  }
}

/** Field 22 of /proc/PID/stat, proc(5); null for no such process. The second field, a name, may hold anything. */
async function beginning(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
