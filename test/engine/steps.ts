/** Plans of small fake stages: plain objects, built in a folder of their own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  build?: Build;
}

/** Writes its id and what its inputs hold. */
export const writesItsId =
  (id: string): Build =>
  async ({ out, inputs }) => {
    writeFileSync(out, [id, ...Object.values(inputs).map(input => input?.sha256)].join(' '));
    return { made: id };
  };

export function planOf(steps: readonly FakeStep[]): Plan {
  return { image: imageOf(), layout: layoutOf([]), steps: steps.map(plannedOf) };
}

function plannedOf({
  id,
  inputs = {},
  key = `key-of-${id}`,
  publishes,
  build = writesItsId(id),
}: FakeStep): PlannedStep {
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
  };
  return { id, stage, inputs, resolved: { own: id }, sources: null, parts: {}, key, publishes: publishes ?? null };
}

export interface Workshop extends ExecuteOptions {
  events: Event[];
}

/** Options for a build whose cache and output stand below `folder`. */
export function workshop(folder: string, own: Partial<ExecuteOptions> = {}): Workshop {
  mkdirSync(folder, { recursive: true });
  const events: Event[] = [];
  return {
    environment: {
      cache: join(folder, 'cache'),
      root: true,
      uid: 4321,
      user: 'keel',
      path: join(folder, 'bin'),
      proxies: {},
    },
    tools: '/trees/chest',
    resolutions: {},
    out: join(folder, 'out'),
    jobs: 4,
    emit: event => void events.push(event),
    signal: new AbortController().signal,
    events,
    ...own,
  };
}

/** The program `name` for a workshop: a shell script. */
export function putProgram({ environment }: ExecuteOptions, name: string, script: string): void {
  mkdirSync(environment.path, { recursive: true });
  writeFileSync(join(environment.path, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
