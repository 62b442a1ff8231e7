/**
 * tree: a root file system tree with everything the project says about it: overlay trees, files made by other
 * steps, generated files, users, units, removals; sorted, with fixed owners and times. Without an input tree it
 * makes a new one, e.g. the content of a boot partition.
 */
import type { Group, Manifest, OverlayEntry, User } from '../config/types.ts';
import { lockedShadow, withAccounts, withMember } from '../tree/accounts.ts';
import { rootFigures } from '../tree/figures.ts';
import { layOver } from '../tree/overlay.ts';
import { FIREWALL_PATHS, firewallFiles, type FirewallFiles } from '../tree/firewall.ts';
import { guestUnits, hardenGuest, placeGuest, type GuestSources, type Promises } from '../tree/guest/guest.ts';
import { slotContents } from '../tree/slots.ts';
import { placeMountPoints, placeSystemFiles } from '../tree/system.ts';
import { readContent, readTar, writeTar } from '../tree/tar.ts';
import { contentBytes, directory, hostFile, lookup, place, remove, textFile, type Tree } from '../tree/tree.ts';
import { disableUnit, enableUnit, maskUnit } from '../tree/units.ts';
import { deviceNames, plainWords } from './partition.ts';
import { HostPath, OptionFault, type BuildContext, type ImageView, type Stage } from './stage.ts';
import { checkRules } from './tree/check-rules.ts';

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
  system: { hostname: string; promises: Promises; sources: GuestSources; firewallFiles: FirewallFiles | null } | null;
}

const ACCOUNTS = {
  passwd: '/etc/passwd',
  group: '/etc/group',
  shadow: '/etc/shadow',
  gshadow: '/etc/gshadow',
} as const;

export const tree: Stage<Options, Resolved, 'tree' | '*'> = {
  name: 'tree',
  version: 6,
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
      if (image.updates !== null) mustBeUpdatable(image);
    }
    const ssh = options.system === undefined ? null : image.ssh;
    return {
      ...withAdministrator(ssh, manifest),
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
              hostname: options.system.hostname ?? image.name,
              promises: promisesOf(image, manifest),
              sources: { selector: image.selectorContent, keyring: image.updates?.keyring ?? '' },
              // Nobody comes in over TCP where nobody may come in at all.
              firewallFiles:
                image.firewall === null ? null : firewallFiles(image.firewall, image.ssh?.transport ?? 'vsock'),
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
    const { system } = resolved;
    if (system !== null) {
      placeSystemFiles(made, { ...system, osRelease: await textOf(made, '/usr/lib/os-release') });
      await placeGuest(made, system.promises, system.sources);
      await placeFirewall(made, system, context);
    }
    await applyAccounts(made, resolved);
    if (system !== null) await grantDevices(made, system.promises);
    const units = system === null ? { enable: [], mask: [] } : guestUnits(system.promises);
    for (const unit of [...resolved.units.enable, ...units.enable]) await enableUnit(made, unit);
    resolved.units.disable.forEach(unit => disableUnit(made, unit));
    for (const unit of [...resolved.units.mask, ...units.mask]) maskUnit(made, unit);
    for (const glob of resolved.remove) {
      if (remove(made, glob) === 0)
        context.warn(`"${glob}" of the removals matches nothing`, 'take it out of the manifest, or mend the glob');
    }
    if (system !== null) {
      // Once more, when nothing is taken away any longer.
      placeMountPoints(made, system.promises);
      hardenGuest(made, system.promises);
    }
    await writeTar(made, context.out, context);
    return {
      ...input?.facts,
      ...(system === null ? {} : await rootFigures(made)),
      files: made.size,
      contentBytes: [...new Set(made.values())].reduce((sum, node) => sum + contentBytes(node), 0),
    };
  },
};

/** RAUC's names of slots have dots between their parts, and /dev/caisson/ has a name for each partition. */
function mustBeUpdatable({ layout, selectorContent }: ImageView): void {
  const contents = slotContents(layout.partitions, selectorContent);
  if (contents.length === 0)
    throw new OptionFault(
      'system',
      `the definition has \`updates:\`, but layout "${layout.name}" has no two slots`,
      'take `updates:` out of the definition, or give the partitions a `slot: A` and a `slot: B`',
    );
  const odd = contents.find(each => !/^[A-Za-z0-9_-]+$/.test(each));
  if (odd !== undefined)
    throw new OptionFault(
      'system',
      `the content "${odd}" cannot be the name of a slot of an update`,
      'use letters, digits, - and _ only',
    );
  deviceNames(
    'system',
    layout.partitions.filter(each => each.slot !== null && contents.includes(each.content)),
  );
}

/** What the running system is told of its image. Not sizes or places: a larger Log must not change a byte of the root. */
function promisesOf(
  { name, version, layout, ssh, firewall, features, verifiedBoot, updates }: ImageView,
  manifest: Manifest | null,
): Promises {
  return {
    image: name,
    version,
    partitions: layout.partitions.map(
      ({ name: partition, content, slot, type, filesystem, label, mount, mountFlags, grow }) => ({
        name: partition,
        content,
        slot,
        type,
        filesystem,
        label,
        mount,
        mountFlags,
        grow,
      }),
    ),
    overlays: layout.overlays,
    ssh,
    firewall,
    features,
    verifiedBoot: verifiedBoot === 'enforced' ? 'enforced' : 'switchable',
    updates: updates === null ? null : { compatible: updates.compatible },
    setuid: manifest?.setuid ?? null,
    modules: manifest === null || manifest.modules.length === 0 ? null : manifest.modules,
  };
}

/** Accounts of the manifest, and the user who may log in, unless that is one of them. */
function withAdministrator(ssh: ImageView['ssh'], manifest: Manifest | null): { users: User[]; groups: Group[] } {
  const { users, groups } = manifest ?? { users: [], groups: [] };
  if (ssh === null || users.some(each => each.name === ssh.user)) return { users, groups };
  const id = [1000, ...users.map(each => each.uid + 1), ...groups.map(each => each.gid + 1)].reduce((a, b) =>
    Math.max(a, b),
  );
  return {
    users: [
      ...users,
      { name: ssh.user, uid: id, gid: id, gecos: 'Administrator', home: `/home/${ssh.user}`, shell: '/bin/bash' },
    ],
    groups: groups.some(each => each.name === ssh.user)
      ? groups
      : [...groups, { name: ssh.user, gid: id, members: [] }],
  };
}

async function applyAccounts(made: Tree, { users, groups }: Resolved): Promise<void> {
  if (lookup(made, ACCOUNTS.passwd) === null) return;
  const before = {
    passwd: await textOf(made, ACCOUNTS.passwd),
    group: await textOf(made, ACCOUNTS.group),
    shadow: await textOf(made, ACCOUNTS.shadow),
    gshadow: await textOf(made, ACCOUNTS.gshadow),
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

async function placeFirewall(
  made: Tree,
  { promises, firewallFiles: files }: NonNullable<Resolved['system']>,
  context: BuildContext,
): Promise<void> {
  if (files === null || promises.firewall === null) return;
  await checkRules(context, files, promises.firewall);
  for (const [name, text] of Object.entries(files))
    place(made, FIREWALL_PATHS[name as keyof FirewallFiles], textFile(text));
}

/** Who administers may use the TPM without being root: tpm-udev gives its devices to this group. */
async function grantDevices(made: Tree, { features, ssh }: Promises): Promise<void> {
  if (features.tpm === 'off' || ssh === null) return;
  rewrite(made, ACCOUNTS.group, withMember(await textOf(made, ACCOUNTS.group), 'tss', ssh.user));
}

async function textOf(made: Tree, path: string): Promise<string> {
  const found = lookup(made, path);
  return found === null ? '' : (await readContent(found.node)).toString('utf8');
}

function rewrite(made: Tree, path: string, content: string): void {
  const node = lookup(made, path)?.node;
  if (node !== undefined) place(made, path, { ...node, content: textFile(content).content });
}
