/** How each scenario is reached: boots, reboots, and what is done to the machine before. */
import path from 'node:path';
import { type Claim } from '../../claims/claim.ts';
import { ClaimFault } from '../../claims/fault.ts';
import type { DiskParts } from '../../claims/disk-parts.ts';
import { attackedRoot } from '../../claims/fec-corrects.ts';
import { emptyScript, fillPlaces, fillScript } from '../../claims/full-partitions.ts';
import { storePartition } from '../../claims/log-partition.ts';
import { damageScript } from '../../claims/unreadable-data.ts';
import type { Firmware } from '../../engine/machine/firmware.ts';
import type { DiskFile, GuestMachine, MachineRequest } from '../../engine/machine/guest-machine.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { Declaration } from '../../formats/declaration.ts';
import type { Leg } from './track.ts';

export interface LegOptions {
  declaration: Declaration;
  /** The image as it was built, and the two copies. */
  image: DiskFile;
  one: DiskFile;
  two: DiskFile;
  /** A copy with hostile files on Data. */
  attacked: DiskFile;
  /** Of the first copy; the others have everything at the same places. */
  disk: DiskParts;
  firmware: Firmware;
  /** Of the disk of a copy. */
  diskBytes: Bytes;
  /** Disks that tell a copy who may log in, where the copy itself does not. */
  seeds: readonly DiskFile[];
  /** Host path of the key that logs in. */
  key: string;
  memoryMiB: number;
  cpus: number;
  tpm: boolean;
  scratch: string;
  start(request: MachineRequest): Promise<GuestMachine>;
  /** The same without waiting for it to be ready. */
  launch(request: MachineRequest): Promise<GuestMachine>;
}

/** Each growth, as somebody would grow it: by what is a multiple of nothing but a MiB. */
const GROWTH: Bytes = 517 * 2 ** 20;
/** Filling gigabytes under emulation. */
const FILLING = 300;

/** The first copy: boot, reboot, full partitions, broken Data. */
export function legsOfOne(options: LegOptions): Leg[] {
  const { declaration, one } = options;
  const places = fillPlaces(declaration);
  return [
    {
      scenario: 'first',
      summary: 'first boot of a provisioned copy',
      reach: () => options.start(requestOf(options, { image: one, name: 'one' })),
    },
    {
      scenario: 'rebooted',
      summary: 'the same after `reboot`',
      reach: async machine => {
        const same = reached(machine);
        await same.reboot();
        return same;
      },
    },
    {
      scenario: 'full',
      summary: 'the same with Data and Log full, rebooted',
      reach: async machine => {
        const same = reached(machine);
        await mustRun(same, fillScript(places));
        await same.reboot();
        return same;
      },
    },
    {
      scenario: 'unreadable',
      summary: 'the same with Data unreadable, reset',
      reach: async machine => {
        const same = reached(machine);
        await mustRun(same, emptyScript(places));
        const from = same.console.length;
        await mustRun(same, damageScript(storePartition(declaration)?.name ?? ''));
        await same.connect(from);
        return same;
      },
    },
  ];
}

/** The second copy: its disk grown, with the first one attached; grown again. */
export function legsOfTwo(options: LegOptions): Leg[] {
  const { one, two, diskBytes, tpm } = options;
  const grown = (times: number): MachineRequest => ({
    ...requestOf(options, { image: two, name: 'two' }),
    otherDisks: [one, ...options.seeds],
    growTo: diskBytes + times * GROWTH,
    tpm,
  });
  return [
    {
      scenario: 'other',
      summary: 'first boot of another copy, its disk grown',
      reach: () => options.start(grown(1)),
    },
    {
      scenario: 'grown',
      summary: 'the same, its disk grown again',
      reach: async machine => {
        await reached(machine).powerOff();
        return options.start(grown(2));
      },
    },
  ];
}

/** The image itself, which nobody has a key for. */
export function legsOfImage(options: LegOptions): Leg[] {
  return [
    {
      scenario: 'unprovisioned',
      summary: 'the image as it was built',
      reach: () =>
        options.start({ ...requestOf(options, { image: options.image, name: 'image' }), otherDisks: [], login: false }),
    },
  ];
}

/** A copy with hostile Data and a damaged block. */
export function legsOfAttacked(options: LegOptions): Leg[] {
  const { attacked, disk, declaration } = options;
  return [
    {
      scenario: 'attacked',
      summary: 'first boot of a copy with hostile files on Data and a damaged block in its root',
      reach: async () =>
        options.start({
          ...requestOf(options, { image: attacked, name: 'attacked' }),
          tpm: declaration.features.tpm === 'on',
          damage: await attackedRoot(disk),
        }),
    },
  ];
}

/** A machine of its own for one claim. */
export function legsOfDamaged(options: LegOptions, { name, damage }: Claim): Leg[] {
  const { one, disk } = options;
  return [
    {
      scenario: 'damaged',
      summary: `a copy that is damaged: ${name}`,
      reach: async () =>
        options.launch({
          ...requestOf(options, { image: one, name: `damaged-${name}` }),
          damage: (await damage?.(disk)) ?? [],
        }),
    },
  ];
}

export function requestOf(
  {
    declaration,
    seeds,
    key,
    memoryMiB,
    cpus,
    scratch,
    firmware,
  }: Pick<LegOptions, 'declaration' | 'seeds' | 'key' | 'memoryMiB' | 'cpus' | 'scratch' | 'firmware'>,
  { image, name }: { image: DiskFile; name: string },
): MachineRequest {
  return {
    image,
    key,
    user: declaration.ssh?.user ?? '',
    memoryMiB,
    cpus,
    tpm: false,
    otherDisks: seeds,
    credentials: {},
    scratch: path.join(scratch, `vm-${name}`),
    growTo: 0,
    logWrites: false,
    firmware,
    damage: [],
    login: true,
  };
}

export function reached(machine: GuestMachine | null): GuestMachine {
  if (machine === null) throw new Error('a leg that goes on has none before it');
  return machine;
}

export async function mustRun(machine: GuestMachine, script: string): Promise<void> {
  const { exitCode, stderr } = await machine.sh(script, { limitSeconds: FILLING });
  if (exitCode !== 0)
    throw new ClaimFault(`what leads there ended with exit code ${exitCode}: ${stderr.trim().slice(-200)}`);
}
