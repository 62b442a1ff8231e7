/** What a proof works with: keys of its own, provisioned copies of the image, and machines that run them. */
import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import type { MachineRequest, GuestMachine } from '../../engine/machine/guest-machine.ts';
import { launchMachine, startMachine } from '../../engine/machine/start.ts';
import { timed } from '../../engine/timed.ts';
import type { Declaration } from '../../formats/declaration.ts';
import type { Tree } from '../../tree/tree.ts';
import { vmTree } from '../boot.ts';
import type { CommandContext } from '../context.ts';
import { provisionCopy } from '../provision-copy.ts';
import { manifestNames, namedToolsTree } from '../tools-tree.ts';
import { makeKeys, type MadeKeys } from './keys.ts';

export interface Workshop {
  /** Host paths of the tools tree, and of the tree with QEMU. */
  tools: string;
  tree: string;
  made: MadeKeys;
  /** Makes a copy; gives its file. `planted`: what stands on its Data beside the seed. */
  copy(name: string, planted: Tree): Promise<string>;
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
  return {
    tools,
    tree,
    made,
    copy: async (name, planted) => {
      const out = path.join(scratch, `${name}${path.extname(file)}`);
      const summary = `provisioned copy ${name} of the image`;
      return timed({ id: `copy ${name}`, summary }, { emit, signal }, async () => {
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
    start: async request => noted(await startMachine(request, options)),
    launch: async request => noted(await launchMachine(request, options)),
    networks,
    memoryMiB: MEMORY_MIB,
    cpus: processors(),
  };
}

export function processors(): number {
  return Math.min(2, cpus().length);
}
