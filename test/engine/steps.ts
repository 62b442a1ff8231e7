/** Plans of small fake stages: plain objects, built in a folder of their own. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedPackage } from '../../pipeline/debian/stanza.ts';
import type { Manifest } from '../../pipeline/config/types.ts';
import type { ExecuteOptions } from '../../pipeline/engine/context.ts';
import type { Plan, PlannedStep } from '../../pipeline/plan/plan.ts';
import type { Event } from '../../pipeline/report/events.ts';
import type { AnyStage, BuildContext, Facts } from '../../pipeline/stages/stage.ts';
import { imageOf, layoutOf } from '../stages/documents.ts';

export type Build = (context: BuildContext) => Promise<Facts>;

export interface FakeStep {
  id: string;
  inputs?: Record<string, string>;
  key?: string | null;
  publishes?: string;
  sources?: Manifest;
  build?: Build;
  /** Of its stage. */
  pointsIntoInputs?: true;
  signs?: NonNullable<AnyStage['signs']>;
  room?: NonNullable<AnyStage['room']>;
}

/** Every kind of place: what nothing is made from, what has two readers, what is published. */
export const CHAIN: FakeStep[] = [
  { id: 'keel' },
  { id: 'hull', inputs: { below: 'keel' } },
  { id: 'mast' },
  { id: 'ship', inputs: { one: 'hull', two: 'mast' }, publishes: 'ship.raw' },
];

/** Writes its id and what its inputs hold. */
export const writesItsId =
  (id: string): Build =>
  async ({ out, inputs }) => {
    writeFileSync(out, [id, ...Object.values(inputs).map(input => input?.sha256)].join(' '));
    return { made: id };
  };

export const fails: Build = () => Promise.reject(new Error('sprang a leak'));

export const untilAborted: Build = ({ signal }) =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

export function planOf(steps: readonly FakeStep[]): Plan {
  return { image: imageOf(), layout: layoutOf([]), steps: steps.map(plannedOf) };
}

function plannedOf(fake: FakeStep): PlannedStep {
  const { id, inputs = {}, key = `key-of-${id}`, publishes, sources, build = writesItsId(id) } = fake;
  const stage: AnyStage = {
    name: `stage-${id}`,
    version: 5,
    summary: `makes ${id}`,
    schema: {},
    inputs: {},
    tools: [],
    publishes: () => publishes ?? null,
    resolve: () => ({ own: id }),
    build: (_: unknown, context: BuildContext) => build(context),
    ...(fake.pointsIntoInputs === undefined ? {} : { pointsIntoInputs: fake.pointsIntoInputs }),
    ...(fake.signs === undefined ? {} : { signs: fake.signs }),
    ...(fake.room === undefined ? {} : { room: fake.room }),
  };
  const parts = { stage: `stage-${id}/5`, epoch: '1444444444' };
  return {
    id,
    stage,
    inputs,
    resolved: { own: id },
    sources: sources ?? null,
    parts,
    key,
    publishes: publishes ?? null,
  };
}

export interface Workshop extends ExecuteOptions {
  events: Event[];
  /** Names of manifests whose packages were fetched again. */
  fetched: string[];
}

/** Options for a build whose cache and output stand below `folder`. */
export function workshop(folder: string, own: Partial<ExecuteOptions> = {}): Workshop {
  mkdirSync(folder, { recursive: true });
  const events: Event[] = [];
  const fetched: string[] = [];
  return {
    environment: {
      cache: join(folder, 'cache'),
      root: true,
      uid: 4321,
      user: 'keel',
      // Of the host only what every lock needs: sh and flock.
      path: `${join(folder, 'bin')}:/usr/bin:/bin`,
      proxies: {},
      inherited: {},
    },
    tools: '/trees/chest',
    resolutions: {},
    signer: async () => Promise.reject(new Error('nobody signs here')),
    fetch: async ({ manifest }) => void fetched.push(manifest),
    judge: () => undefined,
    out: join(folder, 'out'),
    jobs: 4,
    check: 'always',
    emit: event => void events.push(event),
    signal: new AbortController().signal,
    events,
    fetched,
    ...own,
  };
}

/** The program `name` for a workshop: a shell script, found before the host's own. */
export function putProgram({ environment }: Pick<ExecuteOptions, 'environment'>, name: string, script: string): void {
  const bin = programsOf(environment);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** A bwrap that knows the control files of these packages; for all else it does what `otherwise` says. */
export function putDpkg(
  shop: Pick<ExecuteOptions, 'environment'>,
  packages: readonly ResolvedPackage[],
  otherwise = 'exit 9',
): void {
  const controls = packages.map(
    each => `--${each.sha256}\nPackage: ${each.name}\nVersion: ${each.version}\nArchitecture: ${each.architecture}\n`,
  );
  putProgram(shop, 'bwrap', `case "$*" in *dpkg-deb*) printf -- '${controls.join('')}'; exit ;; esac\n${otherwise}`);
}

/** The first folder of a workshop's PATH, where its own programs stand. */
export function programsOf({ path }: ExecuteOptions['environment']): string {
  return path.split(':')[0] ?? '';
}

/** Ids of the steps or tasks that had an event of this type, in order. */
export function stepsOf({ events }: Pick<Workshop, 'events'>, type: Event['type']): string[] {
  return events.flatMap(event =>
    event.type === type ? ['id' in event ? event.id : 'task' in event ? event.task.id : ''] : [],
  );
}

/** Names in the scratch folder. */
export function scratchOf({ environment }: Workshop): string[] {
  return readdirSync(join(environment.cache, 'scratch'));
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
