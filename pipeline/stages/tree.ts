/**
 * tree: a root file system tree with everything the project says about it: overlay trees, files made by other
 * steps, generated files, users, units, removals; sorted, with fixed owners and times. Without an input tree it
 * makes a new one, e.g. the content of a boot partition.
 */
import type { Group, OverlayEntry, User } from '../config/types.ts';
import { lockedShadow, withAccounts } from '../tree/accounts.ts';
import { layOver } from '../tree/overlay.ts';
import { placeSystemFiles, type SystemFacts } from '../tree/system.ts';
import { readContent, readTar, writeTar } from '../tree/tar.ts';
import { contentBytes, directory, hostFile, lookup, place, remove, textFile, type Tree } from '../tree/tree.ts';
import { disableUnit, enableUnit, maskUnit } from '../tree/units.ts';
import { deviceNames, plainWords } from './partition.ts';
import { HostPath, OptionFault, type Stage } from './stage.ts';

interface Options {
  manifest?: string;
  overlays?: string[];
  files?: Record<string, string>;
  system?: { hostname?: string };
}

interface Resolved {
  users: User[];
  groups: Group[];
  units: { enable: string[]; disable: string[]; mask: string[] };
  remove: string[];
  overlays: { name: string; entries: (Omit<OverlayEntry, 'source'> & { source: HostPath })[] }[];
  /** Path in the tree -> input whose file stands there. */
  files: Record<string, string>;
  system: Omit<SystemFacts, 'osRelease'> | null;
}

const ACCOUNTS = {
  passwd: '/etc/passwd',
  group: '/etc/group',
  shadow: '/etc/shadow',
  gshadow: '/etc/gshadow',
} as const;

export const tree: Stage<Options, Resolved, 'tree' | '*'> = {
  name: 'tree',
  version: 2,
  summary: 'overlay trees, generated files, users, units and removals (tar)',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      manifest: {
        type: 'string',
        'x-document': 'manifest',
        description: 'Rootfs manifest whose users, groups, units and removals are applied.',
      },
      overlays: {
        type: 'array',
        items: { type: 'string', 'x-document': 'overlay' },
        description: 'Overlay trees, laid over each other in this order.',
      },
      files: {
        type: 'object',
        propertyNames: { pattern: '^/' },
        additionalProperties: { type: 'string' },
        description: 'Path in the tree -> name of the input whose file is put there.',
      },
      system: {
        type: 'object',
        additionalProperties: false,
        description:
          'Makes it the root of this image: fstab from the layout, hostname, machine-id, os-release, mount points.',
        properties: {
          hostname: {
            type: 'string',
            pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
            description: 'Default: the name of the image.',
          },
        },
      },
    },
  },
  inputs: { tree: 'optional', '*': 'optional' },
  tools: [],
  publishes: () => null,

  resolve(options, image) {
    const manifest = options.manifest === undefined ? null : image.manifest(options.manifest);
    const files = options.files ?? {};
    for (const [path, input] of Object.entries(files)) {
      const option = `files[${JSON.stringify(path)}]`;
      if (!image.inputs.includes(input))
        throw new OptionFault(
          option,
          `"${input}" is no input of this step`,
          `its inputs: ${image.inputs.join(', ') || 'none'}`,
        );
      if (path.split('/').includes('..'))
        throw new OptionFault(option, 'the path leads out of the tree', 'write it without ".."');
    }
    if (options.system !== undefined) {
      const mounted = image.layout.partitions.filter(each => each.mount !== '');
      deviceNames('system', mounted);
      for (const each of mounted) plainWords('system', 'the mount', [each.mount, ...each.mountFlags]);
    }
    return {
      users: manifest?.users ?? [],
      groups: manifest?.groups ?? [],
      units: manifest?.units ?? { enable: [], disable: [], mask: [] },
      remove: manifest?.remove ?? [],
      overlays: (options.overlays ?? []).map(name => ({
        name,
        entries: image.overlay(name).entries.map(entry => ({ ...entry, source: new HostPath(entry.source) })),
      })),
      files,
      system:
        options.system === undefined
          ? null
          : {
              image: image.name,
              version: image.version,
              hostname: options.system.hostname ?? image.name,
              // Not sizes or places: a larger Log must not change a byte of the root.
              mounts: image.layout.partitions
                .filter(each => each.mount !== '')
                .map(({ name, content, slot, mount, mountFlags, filesystem }) => ({
                  name,
                  content,
                  slot,
                  mount,
                  mountFlags,
                  filesystem,
                })),
              overlays: image.layout.overlays,
            },
    };
  },

  async build(resolved, context) {
    const input = context.inputs.tree;
    const made: Tree = input === undefined ? new Map() : await readTar(input.path, context.signal);
    // Device nodes come from the kernel; unpacking them would need root.
    remove(made, '/dev/**');
    for (const overlay of resolved.overlays) {
      await layOver(made, {
        name: overlay.name,
        directory: '',
        entries: overlay.entries.map(entry => ({ ...entry, source: entry.source.value })),
      });
    }
    for (const [path, name] of Object.entries(resolved.files)) {
      const artifact = context.inputs[name as '*'];
      if (artifact !== undefined) place(made, path, hostFile(artifact.path, artifact.bytes));
    }
    if (resolved.system !== null)
      placeSystemFiles(made, { ...resolved.system, osRelease: await text(made, '/usr/lib/os-release') });
    await applyAccounts(made, resolved);
    for (const unit of resolved.units.enable) await enableUnit(made, unit);
    resolved.units.disable.forEach(unit => disableUnit(made, unit));
    resolved.units.mask.forEach(unit => maskUnit(made, unit));
    for (const glob of resolved.remove) {
      if (remove(made, glob) === 0)
        context.warn(`"${glob}" of the removals matches nothing`, 'take it out of the manifest, or mend the glob');
    }
    await writeTar(made, context.out, context);
    return {
      ...input?.facts,
      files: made.size,
      contentBytes: [...new Set(made.values())].reduce((sum, node) => sum + contentBytes(node), 0),
    };
  },
};

async function applyAccounts(made: Tree, { users, groups }: Resolved): Promise<void> {
  if (lookup(made, ACCOUNTS.passwd) === null) return;
  const before = {
    passwd: await text(made, ACCOUNTS.passwd),
    group: await text(made, ACCOUNTS.group),
    shadow: await text(made, ACCOUNTS.shadow),
    gshadow: await text(made, ACCOUNTS.gshadow),
  };
  const after = withAccounts(before, users, groups);
  rewrite(made, ACCOUNTS.passwd, after.passwd);
  rewrite(made, ACCOUNTS.group, after.group);
  rewrite(made, ACCOUNTS.shadow, lockedShadow(after.shadow));
  rewrite(made, ACCOUNTS.gshadow, after.gshadow);
  for (const user of users)
    if (user.home !== '/nonexistent' && made.get(user.home) === undefined)
      place(made, user.home, { ...directory(0o700), uid: user.uid, gid: user.gid });
}

async function text(made: Tree, path: string): Promise<string> {
  const found = lookup(made, path);
  return found === null ? '' : (await readContent(found.node)).toString('utf8');
}

function rewrite(made: Tree, path: string, content: string): void {
  const node = lookup(made, path)?.node;
  if (node !== undefined) place(made, path, { ...node, content: textFile(content).content });
}
