/** Where the documents of a project stand, and by which names. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { compareText } from './diagnostic.ts';
import { noteRead } from './reads.ts';

export type DocumentKind = 'image' | 'layout' | 'manifest' | 'overlay';

export const FOLDERS: Readonly<Record<DocumentKind, string>> = {
  image: 'pipeline',
  layout: 'layouts',
  manifest: 'rootfs-manifests',
  overlay: 'overlays',
};

/** Where documents are looked for, in this order. The same folder twice: there alone. */
export interface SearchPath {
  /** Folder of the project. */
  project: string;
  /** Caisson's own folder. */
  home: string;
}

/** Absolute paths, sorted. */
export interface ProjectDocuments {
  images: string[];
  layouts: string[];
  manifests: string[];
  /** Directories. */
  overlays: string[];
}

/** Every document of the project itself, whether an image uses it or not. */
export async function listDocuments(project: string): Promise<ProjectDocuments> {
  const list = async (kind: DocumentKind): Promise<string[]> =>
    (await namesOf(project, kind)).map(name => fileOf(project, kind, name));
  const [images, layouts, manifests, overlays] = await Promise.all([
    list('image'),
    list('layout'),
    list('manifest'),
    list('overlay'),
  ]);
  return { images, layouts, manifests, overlays };
}

/** The file (folder, for an overlay tree) of a document: the project's, else Caisson's own; null when neither has it. */
export async function findDocument(
  { project, home }: SearchPath,
  kind: DocumentKind,
  name: string,
): Promise<string | null> {
  for (const folder of [project, home]) {
    const file = fileOf(folder, kind, name);
    if (await exists(file)) return file;
  }
  return null;
}

/** NAMEs that findDocument finds, sorted. */
export async function knownNames({ project, home }: SearchPath, kind: DocumentKind): Promise<string[]> {
  const [own, more] = await Promise.all([namesOf(project, kind), namesOf(home, kind)]);
  return [...new Set([...own, ...more])].sort(compareText);
}

/** "layouts/", and Caisson's own where that is another: the end of a sentence about what was not found there. */
export function whereSought({ project, home }: SearchPath, kind: DocumentKind): string {
  const folder = `${FOLDERS[kind]}/`;
  return path.resolve(project) === path.resolve(home) ? folder : `${folder} of the project or of Caisson`;
}

/** NAMEs of one kind of document in one folder, sorted. */
export async function namesOf(project: string, kind: DocumentKind): Promise<string[]> {
  const entries = await readdir(path.join(project, FOLDERS[kind]), { withFileTypes: true }).catch(() => []);
  const names = entries.map(entry => {
    if (kind === 'overlay') return entry.isDirectory() ? entry.name : '';
    // Lock files stand beside the manifests that they lock.
    if (kind === 'manifest' && entry.name.endsWith('.lock.yaml')) return '';
    return entry.name.endsWith('.yaml') && !entry.isDirectory() ? entry.name.slice(0, -'.yaml'.length) : '';
  });
  return names.filter(name => name !== '' && !name.startsWith('.')).sort(compareText);
}

/** layouts/NAME.yaml, overlays/NAME. */
export function fileOf(project: string, kind: DocumentKind, name: string): string {
  return path.join(path.resolve(project), FOLDERS[kind], kind === 'overlay' ? name : `${name}.yaml`);
}

/** layouts/NAME.yaml -> NAME: what a document is called that says no name. */
export const nameOf = (file: string): string => path.basename(file).replace(/\.ya?ml$/, '');

/** The kind of a document by the folder it stands in; null for a file that stands elsewhere. */
export function kindOf(file: string): DocumentKind | null {
  const folder = path.basename(path.dirname(path.resolve(file)));
  const found = (Object.keys(FOLDERS) as DocumentKind[]).find(kind => FOLDERS[kind] === folder);
  return found ?? null;
}

export async function exists(file: string): Promise<boolean> {
  noteRead(file);
  return stat(file).then(
    () => true,
    () => false,
  );
}
