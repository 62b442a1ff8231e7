/** What a proof works with: keys of its own, provisioned copies of the image, and machines that run them. */
import { constants, copyFile, mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { keepsChanges } from '../../claims/log-partition.ts';
import type { DiskFile, MachineRequest, GuestMachine } from '../../engine/machine/guest-machine.ts';
import { launchMachine, startMachine } from '../../engine/machine/start.ts';
import { timed } from '../../engine/timed.ts';
import type { Declaration } from '../../formats/declaration.ts';
import type { Tree } from '../../tree/tree.ts';
import { vmTree } from '../boot.ts';
import type { CommandContext } from '../context.ts';
import type { ToolOptions } from '../../engine/tool-runner.ts';
import { diskFile } from '../image/disk-file.ts';
import { writeDisk } from '../deployment/disk.ts';
import { checkKeys } from '../deployment/keys.ts';
import { seedDisk } from '../deployment/seed-disk.ts';
import { provisionCopy } from '../deployment/provision-copy.ts';
import { manifestNames, namedToolsTree } from '../tools-tree.ts';
import { makeKeys, type MadeKeys } from './keys.ts';

export interface Workshop {
  /** Host paths of the tools tree, and of the tree with QEMU. */
  tools: string;
  tree: string;
  made: MadeKeys;
  /** Makes a copy; gives its file. `planted`: what stands on its Data beside the seed. */
  copy(name: string, planted: Tree): Promise<string>;
  /** Attached to each machine that is to let somebody in: where copies keep nothing, not even who that is. */
  seeds: readonly DiskFile[];
  start(request: MachineRequest): Promise<GuestMachine>;
  /** Without waiting for it to be ready. */
  launch(request: MachineRequest): Promise<GuestMachine>;
  /** How machines were reached. */
  networks: ReadonlySet<string>;
  memoryMiB: number;
  cpus: number;
}

export interface WorkshopOptions {
  /** Host path of the image. */
  file: string;
  /** As the user named it. */
  image: string;
  declaration: Declaration;
  scratch: string;
}

export const MEMORY_MIB = 1024;

export async function openWorkshop(
  context: CommandContext,
  { file, image, declaration, scratch }: WorkshopOptions,
): Promise<Workshop> {
  const { environment, signal, emit } = context;
  const names = await manifestNames(context, image);
  const [tools, tree] = [await namedToolsTree(context, names), await vmTree(context, names)];
  const folder = path.join(scratch, 'keys');
  await mkdir(folder, { mode: 0o700 });
  const made = await makeKeys(folder, { tree, user: declaration.ssh?.user ?? '', environment, signal });
  const networks = new Set<string>();
  const noted = (machine: GuestMachine): GuestMachine => {
    networks.add(machine.outside === null ? machine.noOutside : 'tap in a network namespace of its own');
    return machine;
  };
  const options = { environment, tree, signal };
  const provisioned = keepsChanges(declaration);
  return {
    tools,
    tree,
    made,
    copy: async (name, planted) => {
      const out = path.join(scratch, `${name}${path.extname(file)}`);
      const summary = `${provisioned ? 'provisioned ' : ''}copy ${name} of the image`;
      return timed({ id: `copy ${name}`, summary }, { emit, signal }, async () => {
        if (!provisioned) await copyFile(file, out, constants.COPYFILE_FICLONE);
        else
          await provisionCopy(context, {
            image: file,
            out,
            hostname: `caisson-${name}`,
            ...made,
            dataSize: null,
            logSize: null,
            planted,
          });
        return { value: out, detail: '' };
      });
    },
    seeds: provisioned ? [] : [await seedFile(context, { made, tools, scratch })],
    start: async request => noted(await startMachine(request, options)),
    launch: async request => noted(await launchMachine(request, options)),
    networks,
    memoryMiB: MEMORY_MIB,
    cpus: processors(),
  };
}

/** A seed disk with the keys of this run. */
async function seedFile(
  { environment, signal, emit }: CommandContext,
  { made, tools, scratch }: { made: MadeKeys; tools: string; scratch: string },
): Promise<DiskFile> {
  const work = path.join(scratch, 'seed');
  await mkdir(work);
  // FAT knows no time before 1980.
  const options: ToolOptions = { environment, signal, tools, work, epoch: Math.floor(Date.now() / 1000) };
  const keysOf = async (name: string, text: string) => checkKeys([{ name, text }], options);
  const seed = {
    hostname: 'caisson-one',
    userKeys: await keysOf('authorized_keys', made.authorizedKeys),
    authorities: await keysOf('trusted_user_ca_keys', made.caKeys),
  };
  const target = path.join(scratch, 'seed.raw');
  await writeDisk(await seedDisk(seed, options), { target, format: 'raw', emit, signal });
  return diskFile(target);
}

export function processors(): number {
  return Math.min(2, cpus().length);
}
