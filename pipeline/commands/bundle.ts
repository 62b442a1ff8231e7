/** caisson bundle --from: an update from one release to another as differences, made of the full bundles of both. */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch, withCache } from '../engine/cache.ts';
import { stageSigner } from '../engine/context.ts';
import { digestArtifact } from '../engine/digest.ts';
import { sync } from '../engine/files.ts';
import { timed } from '../engine/timed.ts';
import { toolContext, toolRunner, type ToolOptions } from '../engine/tool-runner.ts';
import { roundSize } from '../formats/bytes.ts';
import { PAYLOAD } from '../stages/bundle/payload.ts';
import { sealBundle } from '../stages/bundle/seal.ts';
import { deltaPayload } from './bundle/delta-payload.ts';
import { mustFollow, openBundle } from './bundle/open-bundle.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { mustHaveKeyring } from './signing/keyring.ts';
import { withPartFolder } from './new-files.ts';
import { loadImage, type LoadedProject } from './build/prepare.ts';
import { keySigner } from './signing/signing.ts';
import { namedToolsTree } from './tools-tree.ts';

export interface BundleOptions {
  image: string;
  sets: readonly string[];
  /** The full bundle of the release that runs on the machines. */
  from: string;
  /** Output folder of builds, with the full bundle of this release. */
  out: string;
}

/** Writes NAME-VERSION-from-OLD.raucb beside the full bundle; one that is there is replaced. */
export async function bundleFrom(context: CommandContext, { from, out, ...options }: BundleOptions): Promise<ExitCode> {
  const project = await loadImage(context, { ...options, formats: [], compress: 'none', bundle: true });
  mustHaveKeyring(project);
  const { name, version, tools: manifest } = project.image;
  const full = path.join(out, name, `${name}-${version}.raucb`);
  await mustBeFile(full, `build it first: caisson build ${name} --bundle`);
  await mustBeFile(from, 'name the full bundle of the release that runs on the machines');
  return withCache<ExitCode>(context, async () => {
    const tools = await namedToolsTree(context, { tools: manifest, lock: project.lock });
    await makeDelta(context, { project, full, from, tools });
    return 0;
  });
}

async function mustBeFile(file: string, hint: string): Promise<void> {
  if ((await stat(file).catch(() => null))?.isFile() !== true) throw new UsageFault(`there is no bundle ${file}`, hint);
}

export interface DeltaBundle {
  project: Pick<LoadedProject, 'image' | 'folder' | 'keyring'>;
  /** Host paths of the full bundle of this release, beside which the new one gets its place, and of the earlier one. */
  full: string;
  from: string;
  /** Host path of the tools tree. */
  tools: string;
}

/** Returns the host path of the bundle. Throws UsageFault where one release cannot follow the other. */
export async function makeDelta(context: CommandContext, delta: DeltaBundle): Promise<string> {
  const work = await makeScratch(context.environment, 'bundle');
  try {
    return await makeDeltaIn(work, context, delta);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function makeDeltaIn(
  work: string,
  context: CommandContext,
  { project, full, from, tools }: DeltaBundle,
): Promise<string> {
  const { environment, signal, emit } = context;
  const { name, epoch, seed } = project.image;
  const keyring = project.keyring ?? '';
  const options: ToolOptions = { environment, tools, work, epoch, signal };
  // What is signed anew must be ours. Of what it is compared with only the bytes matter, and a certificate may be over.
  const result = await openBundle(full, { folder: 'result', keyring }, options);
  const base = await openBundle(from, { folder: 'base', keyring: null }, options);
  mustFollow(base, result);
  const target = path.join(path.dirname(full), `${name}-${result.version}-from-${base.version}.raucb`);
  const signer = keySigner(context, { project, tools });
  try {
    const key = await signer.get('bundles');
    await withPartFolder(context, target, async ({ folder }) => {
      const task = { id: 'bundle', summary: `the differences from ${base.version} to ${result.version}` };
      const progress = (fraction: number | null, detail: string): void =>
        emit({ type: 'progress', id: task.id, fraction, detail });
      const inner = toolContext({ ...options, work: folder }, { name: 'bundle', inputs: {} });
      await timed(task, context, async () => {
        await mkdir(path.join(folder, PAYLOAD));
        const run = toolRunner(options, { binds: [], log: null });
        const made = await deltaPayload(
          { base, result, full: path.basename(full) },
          { target: path.join(folder, PAYLOAD), work, signal, run, progress },
        );
        await sealBundle(
          made,
          { seed, keyring },
          { ...inner, progress, signer: stageSigner(key, { work: folder, epoch }) },
        );
        const { size } = await stat(inner.out);
        return { value: null, detail: `${roundSize(size)}; ${roundSize((await stat(full)).size)} in full` };
      });
      await sync(inner.out);
      await rename(inner.out, target);
    });
  } finally {
    await signer.close();
  }
  const published = await digestArtifact(target, { facts: {}, published: true }, signal);
  emit({ type: 'published', path: target, ...published });
  return target;
}
