/** What a stage gets to work with: a scratch folder, its inputs, and the programs of the tools tree. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { emptyDir } from 'fs-extra/esm';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import type { Emit } from '../report/events.ts';
import type { Artifact, BuildContext, Signed, StageSigner } from '../stages/stage.ts';
import { cacheFolders, type Environment } from './environment.ts';
import { readControls } from './controls.ts';
import { makeRepository } from './pool.ts';
import type { Resolution } from './resolve.ts';
import type { Bind } from './sandbox.ts';
import type { Signer } from './signer/types.ts';
import type { FindOptions } from './store.ts';
import { INPUTS, toolRunner, WORK } from './tool-runner.ts';

/** What a run of a plan needs. */
export interface ExecuteOptions {
  environment: Environment;
  /** Host path of the tools tree. */
  tools: string;
  /** Resolution of each manifest that a step has as its source; the packages of those to be built are in the pool. */
  resolutions: Readonly<Record<string, Resolution>>;
  /** Brings the packages of one of them into the pool again, for a step that was not expected to be built. */
  fetch: (resolution: Resolution) => Promise<void>;
  /** Whoever signs for steps that sign; asked for when one is built. */
  signer: (signed: Signed) => Promise<Signer>;
  /** When what a step reads from the store is digested first: always, or if its file changed since that was last done. */
  check: FindOptions['check'];
  /** Told of each step that is known, before its file is published. What it throws ends the build. */
  judge: (id: string, made: Pick<Artifact, 'bytes' | 'facts'>) => void;
  /** Output folder of published files. */
  out: string;
  jobs: number;
  emit: Emit;
  signal: AbortSignal;
}

const OUT = '/mnt/out';

export async function stepContext(
  plan: Plan,
  step: PlannedStep,
  { inputs, options }: { inputs: Readonly<Record<string, Artifact>>; options: ExecuteOptions & { scratch: string } },
): Promise<BuildContext> {
  const { environment, signal, emit } = options;
  const folders = cacheFolders(environment.cache);
  const work = path.join(options.scratch, step.id);
  await emptyDir(work);
  const log = path.join(folders.logs, plan.image.name, `${step.id}.log`);
  await mkdir(path.dirname(log), { recursive: true });
  await rm(log, { force: true });
  const resolution = step.sources === null ? null : options.resolutions[step.sources.name];
  if (step.sources !== null && resolution)
    await makeRepository(path.join(work, 'repository'), {
      pool: folders.pool,
      manifest: step.sources,
      packages: resolution.packages,
      readControls: async (packages, folder) =>
        readControls(packages, folder, { environment, signal, tree: options.tools }),
    });
  // A published file is made in the output folder's own file system, so that it can be renamed into place. Whoever
  // builds into that folder has it for itself.
  const outFolder = step.publishes === null ? work : options.out;
  const outName = step.publishes === null ? 'artifact' : `.${step.publishes}.part`;
  const binds: Bind[] = [
    ...(step.publishes === null ? [] : [{ host: outFolder, inside: OUT, writable: true }]),
    ...Object.entries(inputs).map(([name, artifact]) => ({
      host: artifact.path,
      inside: `${INPUTS}/${name}`,
      writable: false,
    })),
  ];
  const run = toolRunner({ environment, tools: options.tools, work, epoch: plan.image.epoch, signal }, { binds, log });
  return {
    inputs,
    epoch: plan.image.epoch,
    signal,
    work,
    out: path.join(outFolder, outName),
    box: {
      work: WORK,
      out: step.publishes === null ? `${WORK}/${outName}` : `${OUT}/${outName}`,
      inputs: Object.fromEntries(Object.keys(inputs).map(name => [name, `${INPUTS}/${name}`])),
      repository: `${WORK}/repository`,
    },
    packages: resolution ? { repository: path.join(work, 'repository'), list: resolution.packages } : null,
    signer:
      step.stage.signs === undefined
        ? null
        : stageSigner(await options.signer(step.stage.signs), { work, epoch: plan.image.epoch }),
    run,
    warn: (message, hint) => emit({ type: 'warning', message: `${step.id}: ${message}`, hint }),
    progress: (fraction, detail) => emit({ type: 'progress', id: step.id, fraction, detail }),
  };
}

/** For requests that stand in the host folder `work`. */
export function stageSigner(signer: Signer, { work, epoch }: { work: string; epoch: number }): StageSigner {
  const at = (name: string): string => path.join(work, name);
  return {
    certificate: signer.certificate,
    sign: async (request, signed) => signer.sign({ work, request: at(request), signed: at(signed), epoch }),
  };
}
