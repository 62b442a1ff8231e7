/** caisson boot: an image in QEMU with its console on this terminal. The image is never written. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch, withCache } from '../engine/cache.ts';
import { bootOnTerminal } from '../engine/machine/boot.ts';
import { freePort } from '../engine/machine/free-port.ts';
import { acceleration, type Machine } from '../engine/machine/qemu.ts';
import { ensureResolution, type PackageOptions } from '../engine/packages.ts';
import { treePrograms } from '../engine/programs.ts';
import { ensureTree } from '../engine/trees.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { diskFile } from './image/disk-file.ts';
import { imageFile } from './image/file.ts';
import { firmwareOf } from './machine/firmware-keys.ts';
import { withAnnouncement } from './machine/announcement.ts';
import { keysOfSeedDisk, loginLine, whoCanLogIn, type Logins } from './machine/logins.ts';
import { manifestNames, namedManifest, namedToolsTree, type ManifestNames } from './tools-tree.ts';

export interface BootOptions {
  /** A file, or the name of an image that was built. */
  image: string;
  out: string;
  memoryMiB: number;
  cpus: number;
  network: boolean;
  /** Port of the loopback for `caisson ssh`; null takes a free one. */
  sshPort: number | null;
  tpm: boolean;
  /** Folder with PK.crt, KEK.crt and db.crt, or `microsoft`; null: firmware that starts anything. */
  secureBoot: string | null;
  /** File of a seed disk; null for none. */
  seed: string | null;
}

const CONSOLE = 'console.log';

export async function boot(context: CommandContext, options: BootOptions): Promise<ExitCode> {
  return withCache(context, () => bootImage(context, options));
}

async function bootImage(context: CommandContext, options: BootOptions): Promise<ExitCode> {
  const { environment, signal } = context;
  const file = await imageFile(options.image, options.out);
  const image = await diskFile(file);
  const otherDisks = options.seed === null ? [] : [await diskFile(await imageFile(path.resolve(options.seed), ''))];
  const tree = await vmTree(context, await manifestNames(context, options.image));
  const logins = await allLogins(context, options);
  const port = options.network ? (options.sshPort ?? (await freePort())) : null;
  const machine: Machine = {
    image,
    memoryMiB: options.memoryMiB,
    cpus: options.cpus,
    credentials: {},
    network: options.network ? { sshPort: port } : 'none',
    otherDisks,
    tpm: options.tpm,
    firmware: await firmwareOf(options.secureBoot),
    logWrites: false,
    serialFiles: [],
  };
  await context.settle();
  context.print(await greeting(file, { logins, port }));
  const scratch = await makeScratch(environment, 'vm');
  try {
    const running = { image: path.resolve(file), tree, user: logins?.user ?? null, port };
    await withAnnouncement(environment, { running, console: path.join(scratch, CONSOLE) }, async () =>
      bootOnTerminal(machine, { environment, tree, scratch, signal, consoleFile: CONSOLE }),
    );
    return 0;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Of the image itself and of the seed disk. */
async function allLogins(context: CommandContext, { image, out, seed }: BootOptions): Promise<Logins | null> {
  const logins = await whoCanLogIn(context, { image, out });
  if (logins === null || seed === null) return logins;
  const more = await keysOfSeedDisk(context, seed);
  return {
    ...logins,
    keys: [...logins.keys, ...more.keys],
    authorities: [...logins.authorities, ...more.authorities],
    unknown: logins.unknown + more.unknown,
  };
}

async function greeting(
  file: string,
  { logins, port }: { logins: Logins | null; port: number | null },
): Promise<string> {
  const [, accelerator = ''] = await acceleration();
  const how = accelerator.startsWith('tcg') ? 'software emulation (half a minute until it is ready)' : 'KVM';
  const way = port === null ? 'It has no network.' : `caisson ssh reaches it through port ${port} of 127.0.0.1.`;
  return `${file} boots under ${how}; Ctrl-A X ends the machine.\nNothing it writes is kept. ${loginLine(logins)}\n${way}\n\n`;
}

/** Host path of the tree with QEMU, made when it is not there. */
export async function vmTree(context: CommandContext, names: ManifestNames): Promise<string> {
  const { environment, signal, emit } = context;
  const options: PackageOptions = {
    environment,
    signal,
    emit,
    update: false,
    offline: false,
    lock: names.lock,
    mirrors: [],
  };
  const vmTools = await namedManifest(context, names.vmTools);
  const programs = treePrograms(await namedToolsTree(context, names), environment);
  return ensureTree(vmTools, await ensureResolution(vmTools, programs, options), programs, options);
}
