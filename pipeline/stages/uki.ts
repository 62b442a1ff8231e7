/**
 * uki: the unified kernel image of a slot, by ukify(1). One file fits either slot: profile 0 takes the slot from
 * the partition it was started from, and stops when the firmware does not say; then follow a profile a slot whose root
 * is verified and, unless that is enforced, a profile a slot whose root is not.
 */
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Slot } from '../config/types.ts';
import { mustFit, partitionOf } from './partition.ts';
import type { BuildContext, Stage } from './stage.ts';

interface Options {
  content: string;
  cmdline?: string[];
  onCorruption?: 'restart' | 'panic' | 'eio';
}

interface Resolved {
  cmdline: string[];
  slots: (Slot | 'only')[];
  /** Are there profiles that do not verify the root? */
  switchable: boolean;
  osRelease: string;
  partition: { name: string; size: number };
}

export interface Profile {
  id: string;
  title: string;
  cmdline: string;
}

/** Debian's kernel has these two drivers built in, so no blacklist of modules reaches them. */
const WITHOUT_TPM = 'initcall_blacklist=init_tis,crb_acpi_driver_init';

const STUB = '/usr/lib/systemd/boot/efi/linuxx64.efi.stub';

export const uki: Stage<Options, Resolved, 'kernel' | 'initrd' | 'verity'> = {
  name: 'uki',
  version: 3,
  summary: 'unified kernel image with profiles for each slot',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['content'],
    properties: {
      content: { type: 'string', description: 'Content of the layout whose partition holds the UKI.' },
      cmdline: {
        type: 'array',
        items: { type: 'string', pattern: '^[!-~]+$' },
        description: 'Kernel parameters, one an item.',
        default: [],
        examples: [['console=ttyS0,115200', 'quiet']],
      },
      onCorruption: {
        enum: ['restart', 'panic', 'eio'],
        description:
          'What follows when a block of the root is damaged beyond correction. restart: the machine restarts, and the selector counts the try. panic: the kernel panics. eio: who reads it gets an error.',
        default: 'restart',
      },
    },
  },
  inputs: { kernel: 'required', initrd: 'required', verity: 'required' },
  tools: ['systemd-ukify', 'systemd-boot-efi', 'binutils'],
  brings: () => ({ place: 'uki', packages: ['systemd-boot-efi'] }),
  publishes: () => null,

  resolve(options, image) {
    const { name, size } = partitionOf(image.layout, options.content);
    const slots = image.layout.partitions
      .filter(each => each.content === options.content)
      .map(each => each.slot ?? 'only');
    return {
      cmdline: [
        ...(options.cmdline ?? []),
        ...(image.features.tpm === 'off' ? [WITHOUT_TPM] : []),
        `caisson.on_corruption=${options.onCorruption ?? 'restart'}`,
      ],
      slots,
      switchable: image.verifiedBoot !== 'enforced',
      osRelease: `ID=caisson\nNAME=Caisson\nPRETTY_NAME="${image.name} ${image.version}"\nIMAGE_ID=${image.name}\nIMAGE_VERSION=${image.version}\nVERSION_ID=${image.version}\n`,
      partition: { name, size },
    };
  },

  async build(resolved, context) {
    const { inputs, box, work, out } = context;
    const facts = inputs.verity?.facts ?? {};
    const all = profiles(resolved, [...resolved.cmdline, ...verityParameters(facts)]);
    await writeFile(path.join(work, 'os-release'), resolved.osRelease);
    const release = inputs.initrd?.facts.kernel as string;
    const [, ...others] = all;
    for (const [index, profile] of all.entries()) await writeProfile(context, profile, index);
    // No --stub: a profile is made on the add-on stub, which has no section of its own.
    const made = others.map((_, index) =>
      context.run('ukify', [
        'build',
        `--profile=@${box.work}/profile-${index + 1}`,
        `--cmdline=@${box.work}/cmdline-${index + 1}`,
        `--output=${box.work}/profile-${index + 1}.efi`,
      ]),
    );
    await Promise.all(made);
    await context.run('ukify', [
      'build',
      `--stub=${STUB}`,
      `--linux=${box.inputs.kernel}`,
      `--initrd=${box.inputs.initrd}`,
      `--uname=${release}`,
      `--os-release=@${box.work}/os-release`,
      `--profile=@${box.work}/profile-0`,
      `--cmdline=@${box.work}/cmdline-0`,
      ...others.map((_, index) => `--join-profile=${box.work}/profile-${index + 1}.efi`),
      `--output=${box.out}`,
    ]);
    mustFit('the UKI', (await stat(out)).size, resolved.partition);
    return { kernel: release, profiles: all };
  },
};

/** Parameters by which the initrd finds and checks the root; they are measured and, with Secure Boot, signed. The root hash covers the file system's UUID too. */
export function verityParameters(facts: Readonly<Record<string, unknown>>): string[] {
  const { rootHash, hashOffset, fecOffset, fecRoots } = facts;
  return [
    `caisson.roothash=${String(rootHash)}`,
    `caisson.hash_offset=${String(hashOffset)}`,
    `caisson.fec_offset=${String(fecOffset)}`,
    `caisson.fec_roots=${String(fecRoots)}`,
  ];
}

/** Profile 0 and those of the slots, in the order in which the selector asks for them by `profileNumbers`. */
export function profiles(
  { slots, switchable }: { slots: readonly (Slot | 'only')[]; switchable: boolean },
  cmdline: readonly string[],
): Profile[] {
  const common = cmdline.join(' ');
  const verified = slots.map(slot => ({
    id: slot.toLowerCase(),
    title: `slot ${slot}`,
    cmdline: `${common} caisson.slot=${slot} rauc.slot=${slot}`,
  }));
  const unverified = verified.map(each => ({
    id: `${each.id}-unverified`,
    title: `${each.title}, its root not verified`,
    cmdline: `${each.cmdline} caisson.verity=off`,
  }));
  return [
    { id: 'auto', title: 'slot of the partition this was started from', cmdline: `${common} caisson.slot=auto` },
    ...verified,
    ...(switchable ? unverified : []),
  ];
}

/** Numbers of the profiles of the slot at `index`; null for one that there is not. */
export function profileNumbers(
  index: number,
  { count, switchable }: { count: number; switchable: boolean },
): { verified: number; unverified: number | null } {
  return { verified: 1 + index, unverified: switchable ? 1 + count + index : null };
}

async function writeProfile({ work }: BuildContext, profile: Profile, index: number): Promise<void> {
  await writeFile(path.join(work, `profile-${index}`), `ID=${profile.id}\nTITLE=${profile.title}\n`);
  await writeFile(path.join(work, `cmdline-${index}`), profile.cmdline);
}
