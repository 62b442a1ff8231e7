/** packages: a rootfs tar of exactly the resolved Debian packages, made by the tools tree's mmdebstrap. */
import type { Manifest } from '../config/types.ts';
import { mmdebstrapArgv } from '../debian/mmdebstrap.ts';
import type { Stage } from './stage.ts';

interface Options {
  manifest: string;
}

type Resolved = Pick<
  Manifest,
  'name' | 'source' | 'architecture' | 'suite' | 'variant' | 'packages' | 'exclude' | 'removePackages'
> & { manifest: () => Manifest };

export const packages: Stage<Options, Resolved, never> = {
  name: 'packages',
  version: 3,
  summary: 'Debian packages, installed into a root file system tree (tar)',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['manifest'],
    properties: {
      manifest: {
        type: 'string',
        'x-document': 'manifest',
        description: 'The rootfs manifest that names the packages.',
      },
    },
  },
  inputs: {},
  tools: ['mmdebstrap', 'apt', 'dpkg'],
  publishes: () => null,

  // Users, units and removals of the manifest are the tree stage's: changing them must not install anew.
  resolve(options, image) {
    const manifest = image.manifest(options.manifest);
    const { name, source, architecture, suite, variant, exclude, removePackages } = manifest;
    return {
      name,
      source,
      architecture,
      suite,
      variant,
      packages: manifest.packages,
      exclude,
      removePackages,
      manifest: () => manifest,
    };
  },

  sources: resolved => resolved.manifest(),

  async build(resolved, context) {
    if (context.packages === null) throw new Error('the engine gave no package repository');
    const { list } = context.packages;
    const argv = mmdebstrapArgv({
      manifest: resolved.manifest(),
      repository: context.box.repository,
      out: context.box.out,
    });
    let done = 0;
    await context.run(argv[0] ?? '', argv.slice(1), {
      identities: 'many',
      // Whatever is newer than this gets this time. The image's own epoch may lie in the future: then the tar would tell
      // the time of day. The stage `tree` gives all files the epoch.
      env: { SOURCE_DATE_EPOCH: '0' },
      onLine(line) {
        const name = /^Setting up ([^ :]+)/.exec(line)?.[1];
        if (name !== undefined) context.progress(Math.min(++done / list.length, 1), name);
      },
    });
    const purged = new Set(resolved.removePackages);
    return {
      packages: list
        .filter(each => !purged.has(each.name))
        .map(({ name, version, architecture }) => ({ name, version, architecture })),
    };
  },
};
