/** What an image has of each thing that its definition limits, by what its steps made. Pure. */
import type { Budgets } from '../config/types.ts';
import { roundSize, type Bytes } from '../formats/bytes.ts';
import type { Facts } from '../stages/stage.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { readBy } from './reads.ts';

export interface Made {
  bytes: Bytes;
  facts: Facts;
}

export interface Budget {
  name: keyof Budgets;
  /** Bytes for `root` and `image`, else a count. */
  limit: number;
  found: number;
  /** What it consists of, or the largest of it, in words. */
  parts: string[];
}

type Counted = Pick<Budget, 'found' | 'parts'>;

/** Files that a crossed budget names. */
const LARGEST = 3;

/** SSH is counted by the definition, whatever unit listens for it. */
const SSH_SOCKETS: readonly string[] = ['ssh.socket', 'sshd.socket', 'caisson-ssh-vsock.socket'];

/** Every budget of the definition; `made`: what is known of its steps, which may be a part of them, or nothing yet. */
export function budgetsOf({ image, steps }: Plan, made: ReadonlyMap<string, Made>): Budget[] {
  const known = steps.flatMap(step => {
    const found = made.get(step.id);
    return found === undefined ? [] : [{ step, ...found }];
  });
  const counted: Record<keyof Budgets, () => Counted> = {
    root: () => largestOf(known.filter(({ step }) => isRoot(step, steps)).map(each => withFiles(each, made))),
    image: () =>
      largestOf(
        known
          .filter(({ step }) => step.stage.name === 'container')
          .map(({ step, ...each }) => ({ found: dataBytes(each), parts: [step.publishes ?? step.id] })),
      ),
    packages: () => sumOf(known.filter(({ step }) => isOnDisk(step, steps)).map(packagesOf)),
    setuid: () => listOf(known.flatMap(({ facts }) => (facts.setuid ?? []) as string[])),
    listening: () => listOf([...declaredListeners(image), ...known.flatMap(({ facts }) => socketsOf(facts))]),
  };
  return (Object.keys(counted) as (keyof Budgets)[]).flatMap(name => {
    const limit = image.budgets[name];
    return limit === null ? [] : [{ name, limit, ...counted[name]() }];
  });
}

/** The step whose file is the partition of a root: the hash tree stands behind the file system, where there is one. */
function isRoot(step: PlannedStep, steps: readonly PlannedStep[]): boolean {
  if (step.stage.name === 'verity') return true;
  if (steps.some(each => each.stage.name === 'verity')) return false;
  const tree = steps.find(each => each.id === step.inputs.tree);
  return step.stage.name === 'filesystem' && (tree?.resolved as { system?: unknown } | undefined)?.system != null;
}

function withFiles({ step, ...made }: Made & { step: PlannedStep }, all: ReadonlyMap<string, Made>): Counted {
  const figures = [...all.values()].find(each => each.facts.largest !== undefined);
  const largest = (figures?.facts.largest ?? []) as { path: string; bytes: Bytes }[];
  return {
    found: Number(made.facts.used ?? made.bytes),
    parts: [`step ${step.id}`, ...largest.slice(0, LARGEST).map(({ path, bytes }) => `${path} ${roundSize(bytes)}`)],
  };
}

/** A file that always has the length of the disk counts by what in it is no hole. */
function dataBytes({ bytes, facts }: Made): Bytes {
  const extents = facts.extents as [Bytes, Bytes][] | undefined;
  return extents === undefined ? bytes : extents.reduce((sum, [, length]) => sum + length, 0);
}

/** Do packages of this step reach the disk? Without a disk, those of every step. */
function isOnDisk(step: PlannedStep, steps: readonly PlannedStep[]): boolean {
  // A tarball says itself what is installed in it.
  if (step.sources === null && step.stage.name !== 'tarball') return false;
  const disks = steps.filter(each => each.stage.name === 'disk');
  return disks.length === 0 || disks.some(disk => readBy(disk, steps).has(step.id));
}

function packagesOf({ step, facts }: Made & { step: PlannedStep }): Counted {
  const found = ((facts.packages ?? []) as unknown[]).length;
  return { found, parts: [`${step.id} ${found}`] };
}

function declaredListeners({ ssh, firewall }: Plan['image']): string[] {
  const allowed = (firewall?.allow ?? []).map(({ protocol, port }) => `${protocol} ${port} (firewall.allow)`);
  const transports = ssh === null ? [] : ssh.transport === 'both' ? ['tcp', 'vsock'] : [ssh.transport];
  return [...transports.map(each => `SSH by ${each}`), ...allowed];
}

function socketsOf(facts: Facts): string[] {
  return ((facts.sockets ?? []) as { unit: string; addresses: string[] }[])
    .filter(({ unit }) => !SSH_SOCKETS.includes(unit))
    .map(({ unit, addresses }) => `${unit} (${addresses.join(', ')})`);
}

function largestOf(all: readonly Counted[]): Counted {
  return all.reduce((most, each) => (each.found > most.found ? each : most), { found: 0, parts: [] });
}

function sumOf(all: readonly Counted[]): Counted {
  return { found: all.reduce((sum, each) => sum + each.found, 0), parts: all.flatMap(each => each.parts) };
}

/** The same once: facts of a tree go on to the trees that are made from it. */
function listOf(all: readonly string[]): Counted {
  const parts = [...new Set(all)];
  return { found: parts.length, parts };
}
