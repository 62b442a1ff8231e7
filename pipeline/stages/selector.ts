/**
 * selector: the boot loader that picks the slot: shim, GRUB as one file with its configuration inside, and grubenv.
 * The artifact is the tree of a BootEFI partition; both slots get the same.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeTar } from '../tree/tar.ts';
import { hostFile, place, textFile, type Tree } from '../tree/tree.ts';
import type { Slot } from '../config/types.ts';
import { grubConfiguration, type SelectorSlot } from './selector/grub.ts';
import { encodeGrubenv } from '../formats/grubenv.ts';
import { withoutVendor } from '../formats/shim.ts';
import { OptionFault, type Stage } from './stage.ts';
import { profileNumbers } from './uki.ts';

interface Options {
  boot: string;
  state: string;
  order?: Slot[];
  shim?: 'own' | 'debian';
}

interface Resolved {
  /** Path in the tree -> file of a package of the tools tree; null for GRUB, which is made here. */
  loaders: Record<string, string | null>;
  /** Packages that bring them, beside those that every selector needs. */
  tools: string[];
  slots: SelectorSlot[];
  state: Record<string, string>;
}

/** GRUB modules: what the configuration uses, and no more. */
const MODULES = [
  'part_gpt',
  'fat',
  'chain',
  'loadenv',
  'regexp',
  'test',
  'echo',
  'datehook',
  'sleep',
  'reboot',
  'normal',
] as const;

/** SBAT of GRUB: upstream's and Debian's component lines, see shim's SBAT.md. */
const SBAT = [
  'sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md',
  'grub,5,Free Software Foundation,grub,2.12,https://www.gnu.org/software/grub/',
  'grub.debian,5,Debian,grub2,2.12,https://tracker.debian.org/pkg/grub2',
].join('\n');

const UNSIGNED_SHIM = '/usr/lib/shim/shimx64.efi';

const LOADERS: Readonly<Record<'own' | 'debian', Pick<Resolved, 'loaders' | 'tools'>>> = {
  own: {
    // By the name of MokManager a second copy of the selector: shim starts that when it refuses the first one.
    loaders: { '/EFI/BOOT/BOOTX64.EFI': UNSIGNED_SHIM, '/EFI/BOOT/mmx64.efi': null },
    tools: ['shim-unsigned'],
  },
  debian: {
    // MokManager by the name that shim looks for; never fbx64.efi, which writes boot entries into NVRAM.
    loaders: {
      '/EFI/BOOT/BOOTX64.EFI': '/usr/lib/shim/shimx64.efi.signed',
      '/EFI/BOOT/mmx64.efi': '/usr/lib/shim/mmx64.efi.signed',
    },
    tools: ['shim-signed', 'shim-helpers-amd64-signed'],
  },
};

export const selector: Stage<Options, Resolved, never> = {
  name: 'selector',
  version: 7,
  summary: 'shim and GRUB, which pick the slot (tree of a BootEFI partition)',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['boot', 'state'],
    properties: {
      boot: { type: 'string', description: 'Content whose partitions hold EFI/caisson/slot.efi, one a slot.' },
      state: { type: 'string', description: 'Content whose partitions hold this selector and its grubenv.' },
      order: {
        type: 'array',
        items: { enum: ['A', 'B'] },
        'x-exact': true,
        uniqueItems: true,
        minItems: 1,
        description: 'Which slot a new image tries first.',
        'x-default': 'A before B',
        examples: [['B', 'A']],
      },
      shim: {
        enum: ['own', 'debian'],
        description:
          'own: unsigned, for firmware with your keys. debian: signed by Microsoft and with MokManager, for firmware that cannot be given keys (Hyper-V); your certificate is then enrolled once a machine.',
        default: 'own',
      },
    },
  },
  inputs: {},
  tools: ['grub-common', 'grub-efi-amd64-bin'],
  brings: ({ tools }) => ({ place: 'bootefi', packages: ['grub-efi-amd64-bin', ...tools] }),
  publishes: () => null,

  resolve(options, image) {
    const find = (content: string, option: string) => {
      const found = image.layout.partitions.filter(each => each.content === content);
      if (found.length === 0)
        throw new OptionFault(
          option,
          `layout "${image.layout.name}" has no partition with content "${content}"`,
          `its contents: ${[...new Set(image.layout.partitions.map(each => each.content))].join(', ')}`,
        );
      return found;
    };
    const boots = find(options.boot, 'boot');
    const states = find(options.state, 'state');
    const slots = boots.map((boot, index) => ({
      slot: boot.slot ?? 'A',
      bootPartition: boot.number,
      statePartition: (states.find(each => each.slot === boot.slot) ?? states[0] ?? boot).number,
      profiles: profileNumbers(index, { count: boots.length, switchable: image.verifiedBoot !== 'enforced' }),
      filled: boot.filled,
    }));
    const names = slots.map(each => each.slot);
    for (const slot of options.order ?? [])
      if (!names.includes(slot))
        throw new OptionFault(
          'order',
          `layout "${image.layout.name}" has no slot ${slot}`,
          `its slots: ${names.join(', ')}`,
        );
    const order = [...(options.order ?? []), ...names.filter(each => !(options.order ?? []).includes(each)).sort()];
    const tries = slots.flatMap(
      ({ slot, filled }) =>
        [
          [`${slot}_OK`, filled ? '1' : '0'],
          [`${slot}_TRY`, '0'],
        ] as const,
    );
    return {
      ...LOADERS[options.shim ?? 'own'],
      slots,
      state: { ORDER: order.join(' '), VERITY: image.verifiedBoot, ...Object.fromEntries(tries) },
    };
  },

  async build({ slots, state, loaders }, context) {
    const { box, work, run } = context;
    await mkdir(path.join(work, 'grub'));
    await writeFile(path.join(work, 'grub', 'grub.cfg'), grubConfiguration(slots));
    await writeFile(path.join(work, 'sbat.csv'), `${SBAT}\n`);
    await run('grub-mkstandalone', [
      '--format=x86_64-efi',
      '--directory=/usr/lib/grub/x86_64-efi',
      `--install-modules=${MODULES.join(' ')}`,
      `--modules=${MODULES.join(' ')}`,
      '--locales=',
      '--themes=',
      '--fonts=',
      `--sbat=${box.work}/sbat.csv`,
      `--output=${box.work}/grubx64.efi`,
      `boot/grub/grub.cfg=${box.work}/grub/grub.cfg`,
    ]);
    const tree: Tree = new Map();
    for (const [target, source] of Object.entries({ ...loaders, '/EFI/BOOT/grubx64.efi': null })) {
      const file = source === null ? 'grubx64.efi' : path.posix.basename(target);
      if (source !== null) await run('cp', [source, `${box.work}/${file}`]);
      // Debian's trusts all that Debian has signed: a GRUB that starts any kernel with any initrd is among that.
      if (source === UNSIGNED_SHIM)
        await writeFile(path.join(work, file), await withoutVendor(await readFile(path.join(work, file))));
      place(tree, target, hostFile(path.join(work, file), (await stat(path.join(work, file))).size));
    }
    place(tree, '/EFI/caisson/grubenv', { ...textFile(''), content: { data: Buffer.from(encodeGrubenv(state)) } });
    await writeTar(tree, context.out, context);
    return { slots: slots.map(each => each.slot), state };
  },
};
