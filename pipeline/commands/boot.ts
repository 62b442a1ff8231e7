/** caisson boot: an image in QEMU with its console on this terminal. The image is never written. */
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { loadManifest } from '../config/project.ts';
import { fileOf } from '../config/places.ts';
import { withImage } from '../disk/read.ts';
import { treePrograms } from '../engine/programs.ts';
import { makeScratch, withCache } from '../engine/cache.ts';
import { ensureResolution, type PackageOptions } from '../engine/packages.ts';
import { ensureTree } from '../engine/trees.ts';
import { acceleration, bootOnTerminal } from '../engine/vm.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { UsageFault } from './context.ts';
import { manifestNames, namedToolsTree } from './tools-tree.ts';

export interface BootOptions {
  /** A file, or the name of an image that was built. */
  image: string;
  out: string;
  memoryMiB: number;
  cpus: number;
  network: boolean;
}

export async function boot(context: CommandContext, options: BootOptions): Promise<ExitCode> {
  return withCache(context, () => bootImage(context, options));
}

async function bootImage(context: CommandContext, options: BootOptions): Promise<ExitCode> {
  const file = await imageFile(options.image, options.out);
  const { format, sectorSize } = await withImage(file, async image => ({
    format: image.format,
    sectorSize: image.sectorSize,
  }));
  // QEMU 10.0: "Operation not supported".
  if (format === 'vhdx' && sectorSize !== 512)
    throw new UsageFault(
      `QEMU reads no VHDX with sectors of ${sectorSize} bytes, as ${file} has`,
      `boot the raw form: caisson build NAME --format raw, then caisson boot ${path.join(options.out, 'NAME/NAME.raw')}`,
    );
  const tree = await vmTree(context, await manifestNames(context, options.image));
  const scratch = await makeScratch(context.environment, 'vm');
  const [, accelerator = ''] = await acceleration();
  context.print(
    `${file} boots under ${accelerator.startsWith('tcg') ? 'software emulation (half a minute to the login)' : 'KVM'}; Ctrl-A X ends the machine.\nNothing it writes is kept. Nobody can log in: an image has no password and no key.\n\n`,
  );
  try {
    const machine = {
      image: file,
      format,
      logicalSectorSize: sectorSize,
      memoryMiB: options.memoryMiB,
      cpus: options.cpus,
      credentials: {},
      network: options.network,
      otherDisks: [],
      serialFiles: [],
    };
    await bootOnTerminal(machine, { environment: context.environment, tree, scratch, signal: context.signal });
    return 0;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Host path of the tree with QEMU, made when it is not there. */
export async function vmTree(context: CommandContext, names: { tools: string; vmTools: string }): Promise<string> {
  const { environment, signal, emit, project } = context;
  const options: PackageOptions = { environment, signal, emit, update: false, offline: false };
  const vmTools = await loadManifest(fileOf(project, 'manifest', names.vmTools));
  const programs = treePrograms(await namedToolsTree(context, names.tools), environment);
  return ensureTree(vmTools, await ensureResolution(vmTools, programs, options), programs, options);
}

/** Names of files that hold a disk, or that somebody may take for one. */
export const DISK_FILE = /\.(vhdx|vhd|raw|img|qcow2|vmdk|vdi|zst|gz|xz|zip)$/;

/** Formats that are read here, the cheapest to read first. */
const READ_FORMATS = ['vhdx', 'raw', 'vhd'] as const;

/** A path as it is; a name as the disk that a build of it left in the output folder, in a format that is read here. */
export async function imageFile(image: string, out: string): Promise<string> {
  const isPath = image.includes('/') || DISK_FILE.test(image);
  const candidates = isPath ? [image] : await builtFiles(path.join(out, image), image);
  for (const file of candidates) if ((await stat(file).catch(() => null))?.isFile()) return file;
  throw new UsageFault(
    `no image ${candidates.join(' or ')}`,
    isPath ? 'check the path' : `build it first: caisson build ${image}`,
  );
}

/** What the last build of an image left, by its build.json: a file of an earlier one may stand beside. */
async function builtFiles(folder: string, image: string): Promise<string[]> {
  const readable = READ_FORMATS.map(format => `${image}.${format}`);
  try {
    const record = JSON.parse(await readFile(path.join(folder, 'build.json'), 'utf8')) as {
      artifacts: { path: string }[];
    };
    const made = record.artifacts.map(each => each.path);
    // What is not read here comes last, and is then refused by what it is.
    const others = made.filter(name => !readable.includes(name));
    return [...readable.filter(name => made.includes(name)), ...others].map(name => path.join(folder, name));
  } catch {
    return readable.map(name => path.join(folder, name));
  }
}
