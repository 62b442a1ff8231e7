/** The way into config: an image with everything it names, or every fault of every file. */
import path from 'node:path';
import { ConfigFault, fileFault } from './diagnostic.ts';
import { placeOf } from './document.ts';
import type { Document } from './document.ts';
import { readExtending } from './extends.ts';
import { checkImage, validateImage } from './image.ts';
import { imageSchema } from './image-schema.ts';
import type { StageSchemas } from './image-schema.ts';
import { loadLock, lockFile } from './lock.ts';
import type { Lock } from './lock.ts';
import { lockFaults } from './lock-faults.ts';
import { withFeatures } from './manifest.ts';
import { suggest } from './nearest.ts';
import { loadOverlay } from './overlay.ts';
import { parsePath } from './paths.ts';
import { exists, fileOf, findDocument, FOLDERS, knownNames, nameOf, whereSought } from './places.ts';
import type { SearchPath } from './places.ts';
import type { ProjectFile } from './project-file.ts';
import { loadLayoutFile, loadManifestFile, loadReferences } from './references.ts';
import { documentPattern } from './schema-words.ts';
import { applySets, sortSets } from './sets.ts';
import type { Checked, Image, Layout, Manifest, OverlayTree, Position } from './types.ts';
import type { Reference } from './validate.ts';

/** `project`: for an image given by name. */
export interface ProjectRequest extends SearchPath {
  /** `eflow`, or a path: something with a `/`, or ending in `.yaml`. */
  image: string;
  /** `path=value` changes, applied in order. */
  sets: readonly string[];
  stages: StageSchemas;
  /** Is the lock file read? */
  lock: 'heed' | 'ignore';
}

/** An image and everything it names: loaded, resolved, without faults. */
export interface Project {
  /** Absolute. */
  folder: string;
  image: Image;
  layout: Layout;
  /** By the name that the image uses; with the tools tree, and vm-tools when it is there. */
  manifests: Record<string, Manifest>;
  overlays: Record<string, OverlayTree>;
  /** By path relative to the project. */
  files: Record<string, ProjectFile>;
  /** The lock file that stands beside the manifests; null without one, or when it is not heeded. */
  lock: Lock | null;
  /** Where a path of the image stands, e.g. `stages[2].options.partition`; the nearest thing around it if not written. */
  position: (path: string) => Position;
}

/** Loads an image. Throws ConfigFault with all faults of the image, its layout, manifests, overlays and files. */
export async function loadProject(request: ProjectRequest): Promise<Project> {
  const { home } = request;
  const { folder, file } = await locateImage(request);
  const search = { project: folder, home, kind: 'image', schema: imageSchema(request.stages) } as const;
  const { document: written, faults: unreadable, bases } = await readExtending(file, search);
  if (written === null) throw new ConfigFault(unreadable);
  const sets = sortSets(request.sets);
  const { document, faults: misplaced } = applySets(written, sets.image, validateImage(request.stages));
  const { value: image, faults, references } = checkImage(document, request.stages);
  const optional = await vmToolsReference(folder, references);
  const referenced = await loadReferences([...references, ...optional], {
    project: folder,
    home,
    document,
    layoutSets: sets.layout,
  });

  const all = [...unreadable, ...misplaced, ...faults, ...referenced.faults];
  const { layout, manifests, overlays, files } = referenced;
  if (image === null || layout === null || all.length > 0) throw new ConfigFault(all);
  const additions = { ...image.features, updates: image.updates === null ? 'off' : 'on' } as const;
  const asked = Object.fromEntries(
    Object.entries(manifests).map(([name, each]) => [name, withFeatures(each, additions)]),
  );
  return {
    folder,
    image: { ...image, bases },
    layout,
    manifests: asked,
    overlays,
    files,
    lock: request.lock === 'heed' ? await heededLock(lockFile(folder, nameOf(file)), Object.values(asked)) : null,
    position: text => positionOf(document, text),
  };
}

/** Loads one layout by its file. Throws ConfigFault. */
export async function loadLayout(file: string): Promise<Layout> {
  return valueOrThrow(await loadLayoutFile(path.resolve(file), []));
}

/** Loads one manifest by its file, with what it extends. `project`: of a file that stands in none. Throws ConfigFault. */
export async function loadManifest(file: string, { project, home }: SearchPath): Promise<Manifest> {
  const absolute = path.resolve(file);
  return valueOrThrow(await loadManifestFile(absolute, { project: projectOf(absolute, 'manifest') ?? project, home }));
}

/** Loads one overlay tree by its directory. Throws ConfigFault. */
export async function loadOverlayTree(directory: string): Promise<OverlayTree> {
  return valueOrThrow(await loadOverlay(path.resolve(directory)));
}

/** The file of an image, and the project it belongs to. Throws ConfigFault for a name without file. */
async function locateImage(request: ProjectRequest): Promise<{ folder: string; file: string }> {
  const { project, image } = request;
  if (image.includes('/') || /\.ya?ml$/.test(image)) {
    const file = path.resolve(image);
    return { folder: projectOf(file, 'image') ?? path.resolve(project), file };
  }
  const folder = path.resolve(project);
  const file = new RegExp(documentPattern).test(image) ? await findDocument(request, 'image', image) : null;
  if (file !== null) return { folder, file };
  const message = `no image "${image}" in ${whereSought(request, 'image')}`;
  const hint = suggest(image, await knownNames(request, 'image'));
  throw new ConfigFault([fileFault(fileOf(folder, 'image', image), message, hint)]);
}

/** The folder that the folder of this kind stands in. */
function projectOf(file: string, kind: 'image' | 'manifest'): string | null {
  const folder = path.dirname(file);
  return path.basename(folder) === FOLDERS[kind] ? path.dirname(folder) : null;
}

/** Null when there is none. Throws ConfigFault when it is damaged, or of other manifests than these. */
async function heededLock(file: string, manifests: readonly Manifest[]): Promise<Lock | null> {
  if (!(await exists(file))) return null;
  const { value, faults, document } = await loadLock(file);
  if (value === null || document === null) throw new ConfigFault(faults);
  const unfit = lockFaults(document, value, manifests);
  if (unfit.length > 0) throw new ConfigFault(unfit);
  return value;
}

/**
 * vm-tools is loaded, and then locked, when the project has it; an image that names another one needs that. Caisson's own
 * boots images and is no part of them, so that no lock of a stranger's has to keep it.
 */
async function vmToolsReference(folder: string, references: readonly Reference[]): Promise<Reference[]> {
  const named = references.some(reference => reference.path.join('.') === 'vmTools');
  if (named || !(await exists(fileOf(folder, 'manifest', 'vm-tools')))) return [];
  return [{ kind: 'manifest', name: 'vm-tools', path: ['vmTools'] }];
}

function positionOf(document: Document, text: string): Position {
  return placeOf(
    document,
    (parsePath(text) ?? []).map(({ name }) => name),
  );
}

function valueOrThrow<T>({ value, faults }: Checked<T>): T {
  if (value === null) throw new ConfigFault(faults);
  return value;
}
