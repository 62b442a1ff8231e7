/** Do the kernels of an image ask for the root file systems that are in it? Root hashes on command lines are compared. */
import type { Bytes } from '../../formats/bytes.ts';
import {
  partitionLabel,
  type EfiBinary,
  type InspectedPartition,
  type InspectedProfile,
  type InspectedVerity,
} from '../../formats/inspection.ts';
import { fecEnd } from '../../formats/verity.ts';

/** What a command line says of the root: Caisson's parameters (stages/uki.ts), or those of systemd-veritysetup-generator(8). */
interface Wanted {
  hash: string;
  hashOffset: Bytes | null;
  fecOffset: Bytes | null;
  fecRoots: number | null;
}

/**
 * The same partitions, with each profile's root hash and the partitions that have it, FEC where a command line tells
 * of it, and a fault for every hash that no partition has, or only one of the other slot.
 */
export function matchRoots(partitions: readonly InspectedPartition[]): InspectedPartition[] {
  const wanted = partitions.flatMap(({ efi }) => (efi ?? []).flatMap(binary => wantedBy(binary)));
  const measured = partitions.map(partition => withFec(partition, wanted));
  return measured.map(partition => {
    if (partition.efi === null) return partition;
    const efi = partition.efi.map(binary => withMatches(binary, measured));
    const faults = efi.flatMap(binary => rootFaults(partition, binary, measured));
    return { ...partition, efi, faults: [...partition.faults, ...new Set(faults)] };
  });
}

function wantedBy({ program }: EfiBinary): Wanted[] {
  return (program?.profiles ?? []).flatMap(({ cmdline }) => parseRoot(cmdline) ?? []);
}

function parseRoot(cmdline: string | null): Wanted | null {
  const words = (cmdline ?? '').split(/\s+/);
  const value = (name: string): string | null =>
    words.findLast(word => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  const number = (name: string): number | null => {
    const text = value(name);
    return text !== null && /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
  };
  const hash = value('caisson.roothash') ?? value('roothash') ?? value('usrhash');
  if (hash === null) return null;
  return {
    hash: hash.toLowerCase(),
    hashOffset: number('caisson.hash_offset'),
    fecOffset: number('caisson.fec_offset'),
    fecRoots: number('caisson.fec_roots'),
  };
}

/** Only a command line says how much FEC there is. */
function withFec(partition: InspectedPartition, wanted: readonly Wanted[]): InspectedPartition {
  const { verity, size } = partition;
  const fit = wanted.find(({ hash, fecOffset }) => hash === verity?.rootHash && fecOffset === verity?.tree.end);
  const roots = fit?.fecRoots ?? null;
  if (verity === null || verity.fec === null || roots === null || roots < 2 || roots > 24) return partition;
  const end = fecEnd(verity, { start: verity.fec.start, roots });
  const fec: InspectedVerity['fec'] = { start: verity.fec.start, end, roots };
  const fault = `its FEC ends at ${end}, the partition has ${size} bytes`;
  return {
    ...partition,
    verity: { ...verity, fec },
    used: Math.min(end, size),
    free: Math.max(0, size - end),
    faults: end > size ? [...partition.faults, fault] : partition.faults,
  };
}

function withMatches(binary: EfiBinary, partitions: readonly InspectedPartition[]): EfiBinary {
  if (binary.program === null) return binary;
  const profiles = binary.program.profiles.map((profile): InspectedProfile => {
    const wanted = parseRoot(profile.cmdline);
    const root = wanted && { hash: wanted.hash, partitions: withHash(partitions, wanted.hash).map(partitionLabel) };
    return { ...profile, root };
  });
  return { ...binary, program: { ...binary.program, profiles } };
}

function withHash(partitions: readonly InspectedPartition[], hash: string): InspectedPartition[] {
  return partitions.filter(({ verity }) => verity?.rootHash === hash);
}

/** One fault for all profiles of a program that ask for the same thing in vain. */
function rootFaults(
  { slot: own }: InspectedPartition,
  { path, program }: EfiBinary,
  partitions: readonly InspectedPartition[],
): string[] {
  const complaints = new Map<string, InspectedProfile[]>();
  for (const profile of program?.profiles ?? []) {
    for (const complaint of complaintsOf(profile, own, partitions))
      complaints.set(complaint, [...(complaints.get(complaint) ?? []), profile]);
  }
  return [...complaints].map(([complaint, profiles]) => `${path}${namesOf(profiles)}: ${complaint}`);
}

function namesOf(profiles: readonly InspectedProfile[]): string {
  const names = profiles.flatMap(({ index }) => (index === null ? [] : [`@${index}`]));
  return names.length === 0 ? '' : `, profile ${names.join(', ')}`;
}

function complaintsOf(
  { cmdline, root }: InspectedProfile,
  own: InspectedPartition['slot'],
  partitions: readonly InspectedPartition[],
): string[] {
  const wanted = parseRoot(cmdline);
  if (wanted === null || root === null) return [];
  const found = withHash(partitions, root.hash);
  if (found.length === 0) {
    const others = partitions.flatMap(each =>
      each.verity?.rootHash ? [`${partitionLabel(each)} has ${each.verity.rootHash}`] : [],
    );
    return [`no partition has its root hash ${root.hash} (${others.join(', ') || 'none has a hash tree'})`];
  }
  // The selector starts the profile of the slot that a Boot partition is of; those of the other slot stay unused.
  const slot = /(?:^|\s)caisson\.slot=([AB])(?:\s|$)/.exec(cmdline ?? '')?.[1] ?? own;
  const inSlot = found.filter(each => own === null || each.slot === null || each.slot === own);
  if (slot === own && inSlot.length === 0)
    return [`its root hash is that of ${root.partitions.join(', ')}, but it starts slot ${own}`];
  return found.flatMap(each => (each.verity === null ? [] : placeFaults(partitionLabel(each), each.verity, wanted)));
}

function placeFaults(name: string, { offset, tree, fec }: InspectedVerity, wanted: Wanted): string[] {
  return [
    ...(wanted.hashOffset === null || wanted.hashOffset === offset
      ? []
      : [`it looks for the hash tree of ${name} at ${wanted.hashOffset}, which is at ${offset}`]),
    ...(wanted.fecOffset === null || wanted.fecOffset === tree.end
      ? []
      : [`it looks for the FEC of ${name} at ${wanted.fecOffset}, its hash tree ends at ${tree.end}`]),
    ...(wanted.fecOffset === null || fec !== null ? [] : [`${name} has no FEC behind its hash tree`]),
  ];
}
