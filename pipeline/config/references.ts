/** Loads what an image names: its layout, manifests, overlay trees and files. */
import path from 'node:path';
import { fault, readDocument } from './document.ts';
import type { Document } from './document.ts';
import { checkLayout, validateLayout } from './layout.ts';
import { checkManifest } from './manifest.ts';
import { suggest } from './nearest.ts';
import { loadOverlay } from './overlay.ts';
import { exists, fileOf, FOLDERS, namesOf } from './places.ts';
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

export interface Context {
  /** Folder of the project. */
  project: string;
  /** The image that names them. */
  document: Document;
  /** `--set layout.…` texts. */
  layoutSets: readonly string[];
}

/** Loads every document once; a missing one is a fault at each place that names it. */
export async function loadReferences(references: readonly Reference[], context: Context): Promise<Referenced> {
  const result: Referenced = { layout: null, manifests: {}, overlays: {}, files: {}, faults: [] };
  const loaded = new Set<string>();
  for (const reference of references) {
    const { kind, name } = reference;
    const missing = kind === 'file' ? null : await missingFault(reference, context);
    if (missing !== null) result.faults.push(missing);
    if (missing !== null || (kind !== 'file' && loaded.has(`${kind} ${name}`))) continue;
    loaded.add(`${kind} ${name}`);
    result.faults.push(...(await loadInto(result, reference, context)));
  }
  return result;
}

async function loadInto(result: Referenced, reference: Reference, context: Context): Promise<Diagnostic[]> {
  const { kind, name } = reference;
  const { project, layoutSets } = context;
  switch (kind) {
    case 'layout': {
      const { value, faults } = await loadLayoutFile(fileOf(project, kind, name), layoutSets);
      result.layout = value;
      return faults;
    }
    case 'manifest': {
      const { value, faults } = await loadManifestFile(fileOf(project, kind, name));
      if (value !== null) put(result.manifests, name, value);
      return faults;
    }
    case 'overlay': {
      const { value, faults } = await loadOverlay(project, name);
      if (value !== null) put(result.overlays, name, value);
      return faults;
    }
    case 'file': {
      const { file, fault: problem } = await loadProjectFile(project, name);
      if (file !== null) put(result.files, name, file);
      return problem === null ? [] : [fault(context.document, reference.path, problem.message, problem.hint)];
    }
  }
}

/** Reads and checks a layout; `sets` change it first. */
export async function loadLayoutFile(file: string, sets: readonly string[]): Promise<Checked<Layout>> {
  const { document, faults } = await readDocument(file);
  if (document === null) return { value: null, faults };
  const changed = applySets(document, sets, validateLayout);
  return merge([...faults, ...changed.faults], checkLayout(changed.document, baseName(file)));
}

/** Reads and checks a manifest. */
export async function loadManifestFile(file: string): Promise<Checked<Manifest>> {
  const { document, faults } = await readDocument(file);
  return document === null ? { value: null, faults } : merge(faults, checkManifest(document, baseName(file)));
}

function merge<T>(before: readonly Diagnostic[], { value, faults }: Checked<T>): Checked<T> {
  return { value: before.length === 0 ? value : null, faults: [...before, ...faults] };
}

const baseName = (file: string): string => path.basename(file).replace(/\.ya?ml$/, '');

/** A name that leads nowhere, or out of the folder of its kind. */
async function missingFault(
  { kind, name, path: place }: Reference,
  { project, document }: Context,
): Promise<Diagnostic | null> {
  if (kind === 'file') return null;
  if (!new RegExp(documentPattern).test(name)) {
    return fault(document, place, `must be ${documentWords}, found ${JSON.stringify(name)}`);
  }
  if (await exists(fileOf(project, kind, name))) return null;
  const names = await namesOf(project, kind);
  return fault(document, place, `no ${kind} "${name}" in ${FOLDERS[kind]}/`, suggest(name, names));
}

/** An own property, whatever the name is. */
function put<T>(record: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(record, name, { value, enumerable: true });
}
