/** A release, built once more from its lock and the project here, with an empty store; and where the two differ. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { StepResult } from '../../engine/execute.ts';
import type { Rebuild } from '../../formats/verification.ts';
import type { Plan, PlannedStep } from '../../plan/plan.ts';
import { changedParts } from '../../plan/why.ts';
import { withPrepared } from '../build.ts';
import { makeImage, makeSteps } from '../build/make-image.ts';
import type { CommandContext } from '../context.ts';
import { loadImage } from '../build/prepare.ts';
import { releaseRecord } from '../release/record.ts';
import { keySigner } from '../signing/signing.ts';
import { differentArtifact } from './different-artifact.ts';
import { differentMaterials } from './different-materials.ts';
import { missingKeys } from './missing-keys.ts';
import { emptyStore, projectWithLock } from './rebuild-project.ts';
import type { RecordedStep } from './release-record.ts';
import { releaseText } from './release-folder.ts';
import type { Subject } from './subject.ts';

/** Throws what a build throws, and FormatFault for a provenance that cannot be read. */
export async function rebuildRelease(subject: Subject, jobs: number): Promise<Rebuild> {
  const { context, release, scratch } = subject;
  const { image, version, sets, formats, compress } = (await subject.provenance()).externalParameters;
  const inner = await innerContext(subject);
  const wanted = {
    image,
    sets: [...sets, `version=${version}`],
    formats,
    compress: compress === 'zst' ? ('zst' as const) : ('none' as const),
    update: false,
    offline: false,
    mirrors: [],
    out: path.join(scratch, 'out'),
  };
  const { updates } = (await loadImage(inner, { ...wanted, bundle: false })).image;
  return withPrepared(inner, { ...wanted, bundle: updates?.signing != null }, async (prepared, out) => {
    const materials = await differentMaterials(inner, prepared, {
      provenance: await subject.provenance(),
      lock: release.names.lock,
    });
    const absent = await missingKeys(prepared);
    const making = { out, jobs, check: 'always', offline: false, mirrors: [], signerOf: keySigner } as const;
    if (absent.length > 0) {
      const plan = unsignedPart(prepared.plan, absent);
      const results = await makeSteps(inner, prepared, { ...making, plan });
      return compared(subject, { plan, results, materials, out, record: null });
    }
    const { record, results } = await makeImage(inner, prepared, making);
    context.signal.throwIfAborted();
    return compared(subject, { plan: prepared.plan, results, materials, out, record: releaseRecord(record) });
  });
}

/** Progress is told; files that are gone in a moment are not. */
async function innerContext(subject: Subject): Promise<CommandContext> {
  const { context, scratch } = subject;
  await mkdir(path.join(scratch, 'out'));
  const cache = await emptyStore(context.environment.cache, path.join(scratch, 'cache'));
  const told = ['started', 'progress', 'finished', 'waiting', 'failed', 'warning', 'planned'];
  return {
    ...context,
    environment: { ...context.environment, cache },
    project: await projectWithLock(subject),
    emit: event => {
      if (told.includes(event.type)) context.emit(event);
    },
  };
}

/** What neither signs with a key that is not here, nor is made of what does. */
function unsignedPart(plan: Plan, absent: readonly string[]): Plan {
  const signed = new Set<string>();
  const steps = plan.steps.filter(({ id, stage, inputs }) => {
    const behind = Object.values(inputs).some(each => signed.has(each));
    if (!behind && !(stage.signs !== undefined && absent.includes(stage.signs))) return true;
    signed.add(id);
    return false;
  });
  return { ...plan, steps };
}

interface Made {
  plan: Plan;
  results: ReadonlyMap<string, StepResult>;
  materials: string[];
  out: string;
  /** As build.json of the release would be; null where some steps could not be made. */
  record: Record<string, unknown> | null;
}

async function compared(subject: Subject, { plan, results, materials, out, record }: Made): Promise<Rebuild> {
  const { release } = subject;
  const whole = record !== null;
  const wanted = release.record.stages.filter(each => whole || plan.steps.some(({ id }) => id === each.id));
  const different = wanted.find(each => results.get(each.id)?.artifact.sha256 !== each.sha256);
  const artifacts = [];
  for (const { name, path: file, sha256: released } of release.record.artifacts) {
    const rebuilt = results.get(name)?.artifact.sha256 ?? null;
    if (rebuilt === released || (rebuilt === null && !whole)) continue;
    artifacts.push(await differentArtifact(subject, { name: path.basename(file), released, rebuilt, out }));
  }
  if (whole) {
    const texts = [await releaseText(release.at(release.names.record)), `${JSON.stringify(record, null, 2)}\n`];
    const [released = '', rebuilt = ''] = texts.map(each => createHash('sha256').update(each).digest('hex'));
    if (released !== rebuilt) artifacts.push({ name: release.names.record, released, rebuilt, places: [] });
  }
  const same = different === undefined && artifacts.length === 0;
  const step =
    different === undefined
      ? null
      : explained(
          different,
          plan.steps.find(each => each.id === different.id),
        );
  return {
    result: same ? (whole ? 'identical' : 'unsigned') : 'different',
    materials: same ? [] : materials,
    compared: wanted.length,
    step,
    artifacts,
  };
}

/** Longer values than this say no more. */
const SHOWN = 60;

function explained({ id, stage, parts }: RecordedStep, planned: PlannedStep | undefined): NonNullable<Rebuild['step']> {
  if (planned === undefined) return { id, stage, parts: ['the plan here does not have it'] };
  const short = (value: string | null): string =>
    value === null ? 'nothing' : value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value;
  // That an input differs is told by the step that made it.
  const changes = changedParts(parts, planned.parts).map(
    ({ what, was, is }) => `${what}: released ${short(was)}, here ${short(is)}`,
  );
  return { id, stage, parts: changes };
}
