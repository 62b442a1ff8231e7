/**
 * initrd: the tree that runs before the root is mounted, as a compressed cpio, with the kernel modules it needs (and
 * what they depend on) in the order in which `init` loads them.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FormatFault } from '../formats/fault.ts';
import { loadOrder } from '../tree/modules.ts';
import { readContent, readTar, writeTar } from '../tree/tar.ts';
import { directory, hostFile, lookup, matches, place, textFile, type Tree } from '../tree/tree.ts';
import { bootConfiguration, type BootConfiguration } from './initrd/boot.ts';
import type { BuildContext, Stage } from './stage.ts';

interface Options {
  manifest: string;
  root: string;
  compression?: number;
}

interface Resolved {
  modules: string[];
  compression: number;
  configuration: BootConfiguration;
}

export const initrd: Stage<Options, Resolved, 'tree' | 'kernel'> = {
  name: 'initrd',
  version: 2,
  summary: 'initial RAM disk: init, its programs, kernel modules (cpio, zstd)',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['manifest', 'root'],
    properties: {
      manifest: {
        type: 'string',
        'x-document': 'manifest',
        description: 'Rootfs manifest whose `modules` the initrd carries and loads.',
      },
      root: { type: 'string', description: 'Content of the layout that is the root file system.' },
      compression: {
        type: 'integer',
        minimum: 1,
        maximum: 19,
        description: 'zstd level: high ones take long and save little.',
        default: 9,
      },
    },
  },
  inputs: { tree: 'required', kernel: 'required' },
  tools: ['libarchive-tools', 'zstd', 'xz-utils'],
  publishes: () => null,

  resolve(options, image) {
    return {
      modules: image.manifest(options.manifest).modules,
      compression: options.compression ?? 9,
      configuration: bootConfiguration(image, options.root),
    };
  },

  async build({ modules, compression, configuration }, context) {
    const { inputs, signal, run, box, work } = context;
    if (inputs.tree === undefined || inputs.kernel === undefined) throw new Error('inputs are missing');
    const made = await readTar(inputs.tree.path, signal);
    const kernel = await readTar(inputs.kernel.path, signal);
    const release = kernelRelease(kernel);
    const order = await addModules(made, { kernel, release, modules, context });
    const variables = Object.entries(configuration.variables).map(([name, value]) => `${name}="${value}"\n`);
    place(made, '/etc/caisson/boot.conf', textFile(variables.join('')));
    place(made, '/etc/caisson/partitions', textFile(configuration.partitions.map(each => `${each}\n`).join('')));
    for (const each of ['/dev', '/proc', '/sys', '/run', '/sysroot', '/tmp']) place(made, each, directory());
    await writeTar(made, path.join(work, 'tree.tar'), context);
    // Reading a tar by bsdtar's @ needs no unpacking, so owners stay as they are.
    await run('bsdtar', ['--create', '--format=newc', `--file=${box.work}/initrd.cpio`, `@${box.work}/tree.tar`]);
    await run('zstd', ['-q', `-${compression}`, '-T2', '--no-check', `${box.work}/initrd.cpio`, '-o', box.out]);
    return { kernel: release, modules: order.map(each => path.basename(each).replace(/\.ko.*$/, '')) };
  },
};

function kernelRelease(kernel: Tree): string {
  const [first, ...others] = matches(kernel, '/usr/lib/modules/*/modules.dep');
  if (first === undefined || others.length > 0)
    throw new FormatFault(
      `the input "kernel" has ${first === undefined ? 'no kernel' : `${others.length + 1} kernels`}`,
      'it must hold exactly one /usr/lib/modules/VERSION/modules.dep',
    );
  return first.split('/')[4] ?? '';
}

async function addModules(
  made: Tree,
  {
    kernel,
    release,
    modules,
    context,
  }: { kernel: Tree; release: string; modules: string[]; context: BuildContext<'tree' | 'kernel'> },
): Promise<string[]> {
  const folder = `/usr/lib/modules/${release}`;
  const text = async (name: string): Promise<string> => {
    const found = lookup(kernel, `${folder}/${name}`);
    return found === null ? '' : (await readContent(found.node)).toString('utf8');
  };
  const order = loadOrder(modules, {
    dependencies: await text('modules.dep'),
    builtin: await text('modules.builtin'),
    soft: await text('modules.softdep'),
  });
  const scratch = path.join(context.work, 'modules');
  await mkdir(scratch);
  const names: string[] = [];
  for (const each of order) {
    const found = lookup(kernel, `${folder}/${each}`);
    if (found === null)
      throw new FormatFault(
        `modules.dep names ${each}, which the kernel's tree does not have`,
        'the packages are not complete; build them anew',
      );
    const name = path.basename(each);
    names.push(name);
    await writeFile(path.join(scratch, name), await readContent(found.node));
  }
  // Unpacked here: the initrd is compressed as a whole, and init then needs nothing but insmod.
  const packed = names.filter(name => name.endsWith('.xz'));
  if (packed.length > 0)
    await context.run('xz', ['--decompress', ...packed.map(name => `${context.box.work}/modules/${name}`)]);
  const plain = names.map(name => name.replace(/\.xz$/, ''));
  for (const name of plain)
    place(
      made,
      `/usr/lib/modules/${name}`,
      hostFile(path.join(scratch, name), (await stat(path.join(scratch, name))).size),
    );
  place(made, '/etc/caisson/modules', textFile(plain.map(name => `/usr/lib/modules/${name}\n`).join('')));
  return order;
}
