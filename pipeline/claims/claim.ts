/** A promise about an image that `caisson prove` tries on the booted machine: one file beside this one each. */
import type { GuestMachine, Outside } from '../engine/machine/guest-machine.ts';
import type { Declaration } from '../formats/declaration.ts';
import type { PredictedPcrs } from '../formats/predicted-pcrs.ts';
import type { ProvenFact } from '../formats/proof.ts';
import type { Part } from '../formats/vhdx/shape.ts';
import type { DiskParts } from './disk-parts.ts';

/**
 * Claims share boots: each is tried in one of these states, and a state is only reached when a picked claim wants it.
 * `first`: first boot of a provisioned copy. `rebooted`: after `reboot` inside. `full`: Log and Data filled up, rebooted.
 * `unreadable`: the superblocks of Data destroyed, reset. `other`: first boot of a second copy whose disk was grown, with
 * the first copy attached too. `grown`: that one, grown again. `unprovisioned`: the image as it was built.
 *
 * Only of images that take updates, one after the other on a copy of their own: `updating`: its first boot, on slot A, with
 * bundles at hand. `updated`: slot B after a good one. `damaged-update`: there again after one whose system never comes
 * up. `unhealthy-update`: and after one whose health check fails. `returned`: slot A after a good one.
 *
 * Only of images that enforce verification: `attacked`: a copy with hostile files on Data and one bit of its root turned.
 * `damaged`: a copy that is damaged as the claim says, a machine each; it was only just started.
 */
export const SCENARIOS = [
  'first',
  'rebooted',
  'full',
  'unreadable',
  'other',
  'grown',
  'unprovisioned',
  'updating',
  'updated',
  'damaged-update',
  'unhealthy-update',
  'returned',
  'attacked',
  'damaged',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface Claim {
  /** Unique; lower case with hyphens. */
  name: string;
  promise(declaration: Declaration): string;
  /** How, in a few words. */
  tried: string;
  scenario: Scenario;
  /**
   * `beside`: runs along with others, because it waits more than it works. `alone`: one after another. `last`: after
   * those, because it disturbs.
   */
  order: 'beside' | 'alone' | 'last';
  /** Does the image promise this? */
  applies(declaration: Declaration): boolean;
  /**
   * Runs in the state before (for `other`: in the last state of the first copy that is reached); what it gives is
   * `before` of the subject. Null for claims that need no past.
   */
  prepare: ((subject: Subject) => Promise<string>) | null;
  /** Of scenario `damaged`: what is written over the disk of the copy before the machine starts. Null for all others. */
  damage: ((disk: DiskParts) => Promise<Part[]>) | null;
  /** What was seen; proven when there is something and all of it fits. Throws ClaimFault when it could not be seen. */
  prove(subject: Subject): Promise<ProvenFact[]>;
}

type Usual = Pick<Claim, 'scenario' | 'order' | 'applies' | 'prepare' | 'damage'>;

/** What most claims have in common: of every image, seen once the machine is up, with no past, in turn. */
const USUAL: Usual = { scenario: 'first', order: 'alone', applies: () => true, prepare: null, damage: null };

/** A claim that names only what sets it apart. */
export function claim(stated: Omit<Claim, keyof Usual> & Partial<Usual>): Claim {
  return { ...USUAL, ...stated };
}

export interface Subject {
  declaration: Declaration;
  machine: GuestMachine;
  /** What `prepare` gave; empty without. */
  before: string;
  keys: ProofKeys;
  image: ImageFacts;
}

/** Host paths of keys that were made for this run. */
export interface ProofKeys {
  /** In the authorized_keys of the copies. */
  user: string;
  /** Nowhere. */
  foreign: string;
  /** Signed by the user CA of the copies; the key itself is nowhere. */
  certified: { key: string; certificate: string };
  /** Signed by another CA. */
  foreignCertified: { key: string; certificate: string };
}

/** What the bytes of the file say. */
export interface ImageFacts {
  /** Root hashes that the kernel command lines of its boot partitions ask for, by slot. */
  rootHashes: Readonly<Record<string, string>>;
  /** GUIDs of the disks that were booted: of the copy, and of the other one. */
  diskGuid: string;
  otherDiskGuid: string;
  /** For the firmware of this machine and slot A; null when it has no Secure Boot, or keys that are not known. */
  predictedPcrs: PredictedPcrs | null;
  /** Of the first copy, and of all that was made like it. */
  disk: DiskParts;
}

/** This machine has not what the claim needs. */
export class Untried extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Untried';
  }
}

export function fact(fits: boolean, text: string): ProvenFact {
  return { fits, text };
}

/** The world outside the machine, for claims that stand there. */
export function outsideOf({ machine }: Subject): Outside {
  if (machine.outside === null) throw new Untried(machine.noOutside);
  return machine.outside;
}
