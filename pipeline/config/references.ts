/** Loads what an image names: its layout, manifests, overlay trees and files. */
import { fault, readDocument } from './document.ts';
import type { Document } from './document.ts';
import { readExtending } from './extends.ts';
import { checkLayout, validateLayout } from './layout.ts';
import { checkManifest } from './manifest.ts';
import { manifestSchema } from './manifest-schema.ts';
import { suggest } from './nearest.ts';
import { loadOverlay } from './overlay.ts';
import { findDocument, knownNames, nameOf, whereSought } from './places.ts';
import type { SearchPath } from './places.ts';
import type { Path } from './paths.ts';
import { loadProjectFile } from './project-file.ts';
import type { ProjectFile } from './project-file.ts';
import { documentPattern, documentWords } from './schema-words.ts';
import { applySets } from './sets.ts';
import type { Checked, Diagnostic, Layout, Manifest, OverlayTree } from './types.ts';
import type { Reference } from './validate.ts';

export interface Referenced {
  /** Null when it has faults or is not named. */
  layout: Layout | null;
  /** By the name that the image uses. */
  manifests: Record<string, Manifest>;
  overlays: Record<string, OverlayTree>;
  files: Record<string, ProjectFile>;
  faults: Diagnostic[];
}

export interface Context extends SearchPath {
  /** The image that names them. */
  document: Document;
  /** `--set layout.…` texts. */
  layoutSets: readonly string[];
}

/** Loads every document once; a missing one is a fault at each place that names it. */
export async function loadReferences(references: readonly Reference[], context: Context): Promise<Referenced> {
  const result: Referenced = {
    layout: null,
    manifests: {},
    overlays: {},
    files: {},
    faults: [],
  };
  const loaded = new Set<string>();
  for (const reference of references) {
    const { kind, name, path: place } = reference;
    if (kind === 'file') {
      result.faults.push(...(await loadFile(result, reference, context)));
      continue;
    }
    const found = await locate({ kind, name, place }, context);
    if (typeof found !== 'string') result.faults.push(found);
    if (typeof found !== 'string' || loaded.has(`${kind} ${name}`)) continue;
    loaded.add(`${kind} ${name}`);
    result.faults.push(...(await loadInto(result, { kind, name, file: found }, context)));
  }
  return result;
}

/** Files that options name are of the project alone: what stands in Caisson's own folder is none of its. */
async function loadFile(
  result: Referenced,
  { name, path: place }: Reference,
  { project, document }: Context,
): Promise<Diagnostic[]> {
  const { file, fault: problem } = await loadProjectFile(project, name);
  if (file !== null) put(result.files, name, file);
  return problem === null ? [] : [fault(document, place, problem.message, problem.hint)];
}

interface Located {
  kind: Exclude<Reference['kind'], 'file'>;
  name: string;
  /** Absolute. */
  file: string;
}

async function loadInto(result: Referenced, { kind, name, file }: Located, context: Context): Promise<Diagnostic[]> {
  switch (kind) {
    case 'layout': {
      const { value, faults } = await loadLayoutFile(file, context.layoutSets);
      result.layout = value;
      return faults;
    }
    case 'manifest': {
      const { value, faults } = await loadManifestFile(file, context);
      if (value !== null) put(result.manifests, name, value);
      return faults;
    }
    case 'overlay': {
      const { value, faults } = await loadOverlay(file);
      if (value !== null) put(result.overlays, name, value);
      return faults;
    }
  }
}

/** Reads and checks a layout; `sets` change it first. */
export async function loadLayoutFile(file: string, sets: readonly string[]): Promise<Checked<Layout>> {
  const { document, faults } = await readDocument(file);
  if (document === null) return { value: null, faults };
  const changed = applySets(document, sets, validateLayout);
  return merge([...faults, ...changed.faults], checkLayout(changed.document, nameOf(file)));
}

/** Reads and checks a manifest with all that it extends. */
export async function loadManifestFile(file: string, { project, home }: SearchPath): Promise<Checked<Manifest>> {
  const options = { project, home, kind: 'manifest', schema: manifestSchema } as const;
  const { document, faults, bases } = await readExtending(file, options);
  if (document === null) return { value: null, faults };
  const { value, faults: all } = merge(faults, checkManifest(document, nameOf(file)));
  return { value: value === null ? null : { ...value, bases }, faults: all };
}

function merge<T>(before: readonly Diagnostic[], { value, faults }: Checked<T>): Checked<T> {
  return { value: before.length === 0 ? value : null, faults: [...before, ...faults] };
}

/** The file of a document; a fault for a name that leads nowhere, or out of the folder of its kind. */
async function locate(
  { kind, name, place }: Pick<Located, 'kind' | 'name'> & { place: Path },
  context: Context,
): Promise<string | Diagnostic> {
  const { document } = context;
  if (!new RegExp(documentPattern).test(name)) {
    return fault(document, place, `must be ${documentWords}, found ${JSON.stringify(name)}`);
  }
  const file = await findDocument(context, kind, name);
  if (file !== null) return file;
  const names = await knownNames(context, kind);
  return fault(document, place, `no ${kind} "${name}" in ${whereSought(context, kind)}`, suggest(name, names));
}

/** An own property, whatever the name is. */
function put<T>(record: Record<string, T>, name: string, value: T): void {
  // Configurable: of a file that two steps name the second takes the place of the first.
  Object.defineProperty(record, name, { value, enumerable: true, configurable: true });
}
