/** caisson release: image, bundle, and what says where they come from, signed, in one folder. */
import path from 'node:path';
import { openReleaseSigner } from '../engine/signer.ts';
import { releaseFiles, type ReleaseFiles } from '../formats/release-files.ts';
import { withPrepared } from './build.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { makeImage, tellOfRoom } from './build/make-image.ts';
import { loadImage, type LoadedProject, type Prepared } from './build/prepare.ts';
import { bytesSigner, keyId } from './release/attest.ts';
import { addDeltas, earlierBundles } from './release/earlier.ts';
import { fillRelease } from './release/fill.ts';
import { mustBeNewRelease, withReleaseFolder } from './release/folder.ts';
import { releaseMaterials } from './release/materials.ts';
import { releaseDisk, releaseKey, releaseLock } from './release/needs.ts';
import type { ReleaseOptions } from './release/options.ts';
import { releaseRecord } from './release/record.ts';
import { tellRelease, type Released } from './release/tell.ts';

/** Throws UsageFault or SigningFault before anything is built; then no folder is left, as after every other fault. */
export async function release(context: CommandContext, options: ReleaseOptions): Promise<ExitCode> {
  const sets = options.version === null ? options.sets : [...options.sets, `version=${options.version}`];
  const wanted = { ...options, sets, update: false };
  const project = await loadImage(context, { ...wanted, bundle: false });
  releaseKey(project);
  releaseLock(project);
  await mustBeNewRelease(targetOf(project, path.join(path.resolve(options.out), project.image.name)));
  const bundle = project.image.updates?.signing != null;
  if (!bundle && options.from.length > 0)
    throw new UsageFault(NO_BUNDLE, 'name a key under `updates.signing`, or leave --from out');
  const earlier = await earlierBundles(project.image.name, options.from);
  const released = await withPrepared(context, { ...wanted, bundle }, async (prepared, out) =>
    releaseInto(context, targetOf(prepared.project, out), { ...options, prepared, earlier }),
  );
  tellRelease(context, released);
  return 0;
}

const NO_BUNDLE = 'the release has no bundle, so there is nothing to compare with an earlier one';

const targetOf = ({ image }: LoadedProject, out: string): string => path.join(out, image.version);

async function releaseInto(
  context: CommandContext,
  target: string,
  { prepared, earlier, ...options }: ReleaseOptions & { prepared: Prepared; earlier: readonly string[] },
): Promise<Released> {
  const { environment, signal } = context;
  const { project, tools, plan } = prepared;
  const disk = releaseDisk(plan);
  const { folder, image } = project;
  const signing = { environment, signal, tools, folder, epoch: image.epoch };
  const signer = await openReleaseSigner(releaseKey(project), signing);
  try {
    const lock = releaseLock(project).file;
    const names: ReleaseFiles = releaseFiles(image.name, image.version);
    return await withReleaseFolder(context, target, async part => {
      // Where files stand while they are made is nobody's business.
      const emit: CommandContext['emit'] = event => void (event.type === 'published' || context.emit(event));
      const materials = await releaseMaterials(context, prepared, lock);
      const built = await makeImage({ ...context, emit }, prepared, { ...options, out: part });
      tellOfRoom(context, prepared, built);
      const deltas = await addDeltas({ ...context, emit }, prepared, { folder: part, names, earlier });
      const made = { record: releaseRecord(built.record), lock, names, disk, deltas, earlier, materials };
      const sign = bytesSigner(context, signer, image.epoch);
      const keyid = keyId(signer.certificate);
      const files = await fillRelease(context, part, { ...options, ...made, prepared, sign, keyid });
      return { image: image.name, version: image.version, folder: target, files, keyid };
    });
  } finally {
    await signer.close();
  }
}
