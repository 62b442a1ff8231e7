/** The machine of a session: a copy of the image with a key of its own, booted in the background. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { bootWatched } from '../../engine/machine/boot.ts';
import type { Machine } from '../../engine/machine/qemu.ts';
import { ProcessFailure } from '../../engine/run.ts';
import { vmTree } from '../boot.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { provisionFile } from '../deployment/provision-copy.ts';
import { diskFile } from '../image/disk-file.ts';
import { withAnnouncement } from '../machine/announcement.ts';
import { namedToolsTree, type ManifestNames } from '../tools-tree.ts';
import type { DevNews } from '../../report/dev.ts';
import { openLife, type Life } from './life.ts';

export interface DevMachineOptions {
  /** Host path of the image. */
  image: string;
  /** What the machine is called, for `caisson ssh`. */
  name: string;
  /** Which trees of programs it is looked at with. */
  names: ManifestNames;
  /** Host folder of this machine alone; emptied first. */
  folder: string;
  /** Of 127.0.0.1, for `caisson ssh`. */
  port: number;
  memoryMiB: number;
  cpus: number;
  tell: (news: DevNews) => void;
}

export interface DevMachine extends Pick<Life, 'up' | 'ready' | 'over'> {
  /** Ends it, as by a plug pulled: it is a copy, and nothing of it is kept. */
  end(): Promise<void>;
}

/** Resolves when it is about to start; what becomes of it is told. The copy is made as long as context.signal lets it be. */
export async function startDevMachine(context: CommandContext, options: DevMachineOptions): Promise<DevMachine> {
  const { folder, name, port, tell } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { file, user } = await copyFor(context, options);
  const tree = await vmTree(context, options.names);
  // The tree may have been made just now, and drawn.
  await context.settle();
  const machine: Machine = {
    image: await diskFile(file),
    memoryMiB: options.memoryMiB,
    cpus: options.cpus,
    credentials: {},
    network: { sshPort: port },
    otherDisks: [],
    tpm: false,
    firmware: { kind: 'open' },
    logWrites: false,
    serialFiles: [],
  };
  const plug = new AbortController();
  const console = path.join(folder, 'console.log');
  tell({ type: 'booting', image: name, console, port });
  const life = openLife(name, { tell, now: () => performance.now() / 1000 });
  const place = { environment: context.environment, tree, scratch: folder, signal: plug.signal };
  const announcement = { running: { image: file, tree, user, port }, console };
  const ended = withAnnouncement(context.environment, announcement, async () =>
    bootWatched(machine, { ...place, onLine: life.see, log: console }),
  )
    .then(() => '', reasonOf)
    .then(why => (plug.signal.aborted ? life.cut() : life.end(why)));
  return {
    up: life.up,
    get ready() {
      return life.ready;
    },
    get over() {
      return life.over;
    },
    end: async () => {
      plug.abort(new Error('the machine is replaced'));
      await ended;
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof ProcessFailure ? [error.message, ...error.output.slice(-1)].join(': ') : String(error);
}

/** With a key, so that somebody can log in. An image that no copy can be made of is booted as it is: it is not written. */
async function copyFor(
  context: CommandContext,
  { image, name, names, folder, tell }: DevMachineOptions,
): Promise<{ file: string; user: string | null }> {
  const out = path.join(folder, `${name}${path.extname(image)}`);
  const tools = async (): Promise<string> => namedToolsTree(context, names);
  const request = { image, out, hostname: null, dataSize: null, logSize: null, planted: new Map(), tools };
  // What is done for it is told in one line: it boots.
  const quiet = { ...context, emit: () => undefined };
  try {
    const keys = { user: [], authorities: [], generateKey: true };
    const { file, user } = await provisionFile(quiet, { ...request, keys });
    return { file, user };
  } catch (error) {
    if (!(error instanceof UsageFault)) throw error;
    if (existsSync(out)) throw error;
    tell({ type: 'asBuilt', image: name, why: error.message });
    return { file: image, user: null };
  }
}
