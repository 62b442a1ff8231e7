/**
 * tree: a root file system tree with everything the project says about it: overlay trees, files made by other
 * steps, generated files, users, units, removals; sorted, with fixed owners and times. Without an input tree it
 * makes a new one, e.g. the content of a boot partition.
 */
import type { OverlayEntry } from '../config/types.ts';
import { rootFigures } from '../tree/figures.ts';
import { packageLists, packageSizes } from '../tree/package-sizes.ts';
import { layOver } from '../tree/overlay.ts';
import { FIREWALL_PATHS, firewallFiles, type FirewallFiles } from '../tree/firewall.ts';
import { guestUnits, hardenGuest, placeGuest, type GuestSources, type Promises } from '../tree/guest/guest.ts';
import { slotContents } from '../config/slots.ts';
import { placeMountPoints, placeSystemFiles } from '../tree/system.ts';
import { readTar, writeTar } from '../tree/tar.ts';
import { contentBytes, hostFile, place, remove, textFile, type Tree } from '../tree/tree.ts';
import { disableUnit, enableUnit, maskUnit } from '../tree/units.ts';
import { deviceNames, plainWords } from './partition.ts';
import { HostPath, OptionFault, type BuildContext, type ImageView, type Stage } from './stage.ts';
import { applyAccounts, grantDevices, withAdministrator, type Accounts } from './tree/accounts.ts';
import { checkRules } from './tree/check-rules.ts';
import { promisesOf } from './tree/promises.ts';
import { textOf } from './tree/text.ts';

interface Options {
  manifest?: string;
  overlays?: string[];
  files?: Record<string, string>;
  system?: { hostname?: string };
}

interface Resolved extends Accounts {
  units: { enable: string[]; disable: string[]; mask: string[] };
  remove: string[];
  overlays: { name: string; entries: (Omit<OverlayEntry, 'source'> & { source: HostPath })[] }[];
  /** Path in the tree -> input whose file stands there. */
  files: Record<string, string>;
  system: { hostname: string; promises: Promises; sources: GuestSources; firewallFiles: FirewallFiles | null } | null;
}

export const tree: Stage<Options, Resolved, 'tree' | '*'> = {
  name: 'tree',
  version: 7,
  summary: 'overlay trees, generated files, users, units and removals (tar)',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      manifest: {
        type: 'string',
        'x-document': 'manifest',
        description: 'Rootfs manifest whose users, groups, units and removals are applied.',
        'x-default': 'none is applied',
      },
      overlays: {
        type: 'array',
        items: { type: 'string', 'x-document': 'overlay' },
        description: 'Overlay trees, laid over each other in this order.',
        default: [],
        examples: [['guest', 'base']],
      },
      files: {
        type: 'object',
        propertyNames: { pattern: '^/' },
        additionalProperties: { type: 'string' },
        description: 'Path in the tree -> name of the input whose file is put there.',
        default: {},
        examples: [{ '/EFI/caisson/slot.efi': 'uki' }],
      },
      system: {
        type: 'object',
        additionalProperties: false,
        description:
          'Makes it the root of this image: fstab from the layout, hostname, machine-id, os-release, mount points.',
        'x-default': 'it is no root of an image',
        examples: [{}],
        properties: {
          hostname: {
            type: 'string',
            pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
            description: 'What a machine is called, until it is given a name of its own.',
            'x-default': 'the name of the image',
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
    const lists = resolved.system === null ? new Map<string, string[]>() : await packageLists(made);
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
      ...(system === null ? {} : { ...(await rootFigures(made)), ...packageSizes(made, lists) }),
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
