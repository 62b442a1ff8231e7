/** From the name of an image to its plan: load, check, resolve packages where that is allowed, plan. */
import { ConfigFault } from '../../config/diagnostic.ts';
import { missingInLock, surplusInLock } from '../../config/lock-faults.ts';
import { loadProject, type Project, type ProjectRequest } from '../../config/project.ts';
import type { Manifest } from '../../config/types.ts';
import { lockedResolution } from '../../engine/locked.ts';
import { ensureResolution, withStanzas, type PackageOptions } from '../../engine/packages.ts';
import { ensureTree, firstPrograms } from '../../engine/trees.ts';
import { recordedResolution, type Resolution } from '../../engine/resolve.ts';
import { cacheFolders } from '../../engine/environment.ts';
import { treePrograms, type Programs } from '../../engine/programs.ts';
import { makePlan, type Plan, type PlanInput } from '../../plan/plan.ts';
import { withBundle } from '../../plan/bundle.ts';
import { withFormats, type Wanted } from '../../plan/formats.ts';
import { STAGES } from '../../stages/index.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { keyringOf, mustHaveKeyring } from '../signing/keyring.ts';
import { mustBeMirrors, mustFitLock } from '../lock/rules.ts';
import { certificateDigests } from '../signing/certificates.ts';

/** What says which image is meant. */
export interface ImageOptions {
  image: string;
  sets: readonly string[];
  /** Container formats to make; empty for those that the definition declares. */
  formats: readonly string[];
  /** Whether each container is made compressed too. */
  compress: Wanted['compress'];
  /** Whether an update bundle is made, declared or not. */
  bundle: boolean;
}

export interface PrepareOptions extends ImageOptions {
  /** Ask the mirrors for newer packages. */
  update: boolean;
  /** Ask no mirror for anything. */
  offline: boolean;
  /** Folders and URLs that are asked for packages of the lock file first. */
  mirrors: readonly string[];
}

/** A project whose image `--format`, `--compress` and `--bundle` may have changed. */
export interface LoadedProject extends Project {
  /** Ids of the steps that the definition has, in its order. */
  written: readonly string[];
  /** SHA-256 of the certificate that signs each; null while it is not there, and where nothing is signed. */
  certificates: PlanInput['certificates'];
  /** PEM text of the certificates whose updates machines take; null while it is not there, and where none are taken. */
  keyring: string | null;
}

export interface Prepared {
  project: LoadedProject;
  plan: Plan;
  resolutions: Record<string, Resolution>;
  /** Host path of the tools tree. */
  tools: string;
  /** Programs of that tree, with the network. */
  programs: Programs;
}

/** Loads an image with all that it names. Throws ConfigFault with every fault of every file, its lock file among them. */
export async function loadImage(context: CommandContext, options: ImageOptions): Promise<LoadedProject> {
  const loaded = await load(context, options, 'heed');
  const { lock } = loaded;
  const manifests = packageManifests(loaded);
  const faults =
    lock === null ? [] : [...manifests.flatMap(each => missingInLock(lock, each)), ...surplusInLock(lock, manifests)];
  if (faults.length > 0) throw new ConfigFault(faults);
  return loaded;
}

/** As loadImage, whatever its lock file is like. */
export async function loadUnlockedImage(context: CommandContext, options: ImageOptions): Promise<LoadedProject> {
  return load(context, options, 'ignore');
}

async function load(
  context: CommandContext,
  options: ImageOptions,
  lock: ProjectRequest['lock'],
): Promise<LoadedProject> {
  const project = await loadProject({
    project: context.project,
    home: context.home,
    image: options.image,
    sets: [...options.sets],
    stages: STAGES,
    lock,
  });
  const loaded = {
    ...project,
    image: wantedImage(project, options),
    written: project.image.stages.map(step => step.id),
    certificates: await certificateDigests(project),
    keyring: await keyringOf(project),
  };
  // Planned once without packages: faults in options are told before anything is fetched.
  planOrThrow(loaded, {});
  return loaded;
}

function wantedImage({ image, layout }: Project, options: ImageOptions): Project['image'] {
  const formatted = withFormats(image, options);
  if (formatted === null)
    throw new UsageFault(
      `${image.name} has no container step, so ${options.formats.length > 0 ? '--format' : '--compress'} has nothing to go by`,
      'add a step with `stage: container` to the definition',
    );
  if (!options.bundle) return formatted;
  const bundled = withBundle(formatted, layout);
  if ('message' in bundled) throw new UsageFault(bundled.message, bundled.hint);
  return bundled;
}

/** The plan with what is known today, without touching the network or making anything. */
export async function planRecorded(
  context: CommandContext,
  project: LoadedProject,
): Promise<{ plan: Plan; resolutions: Record<string, Resolution | undefined> }> {
  const { resolutions: folder } = cacheFolders(context.environment.cache);
  const wanted = [toolsManifest(project), ...sourcesOf(planOrThrow(project, {}))];
  const rows = await Promise.all(
    wanted.map(async manifest => {
      const known =
        project.lock === null
          ? await recordedResolution(folder, manifest)
          : await lockedResolution(project.lock, manifest, context.environment);
      return [manifest.name, known ?? undefined] as const;
    }),
  );
  const resolutions = Object.fromEntries(rows);
  // What a tool depends on stands in its control file, which a machine that never fetched it does not have.
  const tools = toolsManifest(project).name;
  if (resolutions[tools]?.packages.some(each => each.stanza === '')) resolutions[tools] = undefined;
  return { plan: planOrThrow(project, resolutions), resolutions };
}

/** The plan with every key known: resolves what was not resolved yet, and makes the tools tree. */
export async function prepare(context: CommandContext, options: PrepareOptions): Promise<Prepared> {
  const project = await loadImage(context, options);
  mustHaveKeyring(project);
  mustFitLock(project, options);
  await mustBeMirrors(options.mirrors);
  const { environment, signal, emit } = context;
  const { update, offline, mirrors } = options;
  const treeOptions: PackageOptions = { environment, signal, emit, update, offline, mirrors, lock: project.lock };
  const host = firstPrograms(environment);
  const manifest = toolsManifest(project);
  const toolsResolution = await ensureResolution(manifest, host, treeOptions);
  const tools = await ensureTree(manifest, toolsResolution, host, treeOptions);
  const programs = treePrograms(tools, environment);
  const known = await withStanzas(toolsResolution, { tree: tools, programs, options: treeOptions });
  const resolutions: Record<string, Resolution> = { [manifest.name]: known };
  for (const each of sourcesOf(planOrThrow(project, {})))
    resolutions[each.name] ??= await ensureResolution(each, programs, treeOptions);
  return { project, plan: planOrThrow(project, resolutions), resolutions, tools, programs };
}

/** The manifests whose packages are to be known: of the tools tree, of steps, and of the tree with QEMU where there is one. */
export function packageManifests(project: LoadedProject): Manifest[] {
  const vmTools = project.manifests[project.image.vmTools];
  const all = [
    toolsManifest(project),
    ...sourcesOf(planOrThrow(project, {})),
    ...(vmTools === undefined ? [] : [vmTools]),
  ];
  return [...new Map(all.map(each => [each.name, each])).values()];
}

export function toolsManifest(project: Project): Manifest {
  const manifest = project.manifests[project.image.tools];
  if (manifest === undefined) throw new Error(`the tools manifest "${project.image.tools}" was not loaded`);
  return manifest;
}

function sourcesOf(plan: Plan): Manifest[] {
  return [...new Set(plan.steps.flatMap(step => step.sources ?? []))];
}

function planOrThrow(project: LoadedProject, packages: PlanInput['packages']): Plan {
  const { plan, faults } = makePlan({ ...project, stages: STAGES, packages });
  if (plan !== null) return plan;
  throw new ConfigFault(
    faults.map(({ index, path, message, hint }) => {
      const { place, where } = placeOfFault(project, index, path);
      return { position: project.position(place), path: where, message, ...(hint === '' ? {} : { hint }) };
    }),
  );
}

/** Where the file has what is at fault, and how it is called; a step that the file does not have by its option. */
function placeOfFault(
  { image, written }: LoadedProject,
  index: number,
  path: string,
): { place: string; where: string } {
  const step = image.stages[index];
  const line = step === undefined ? -1 : written.indexOf(step.id);
  if (step !== undefined && line === -1) {
    const where =
      step.stage === 'bundle'
        ? '--bundle'
        : step.stage === 'compress'
          ? '--compress zst'
          : `--format ${String(step.options.format)}`;
    return { place: 'stages', where };
  }
  const place = path === '' ? `stages[${line}]` : `stages[${line}].options.${path}`;
  return { place, where: place };
}
