/** A project with all documents that we have, each in order: what is changed is put back. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lockQuestion, lockText, type Lock, type LockedSource } from '../../pipeline/config/lock.ts';
import { loadManifest } from '../../pipeline/config/project.ts';
import { PROJECT } from '../support/caisson.ts';
import type { Names } from './from-schema.ts';

export interface FuzzProject {
  folder: string;
  /** Relative paths of documents with their bytes; a folder of an overlay by its overlay.yaml. */
  documents: readonly (readonly [string, Buffer])[];
  names: Names;
}

const FIXTURES = ['kiosk', 'skiff', 'ketch', 'buoy'];

export async function fuzzProject(folder: string): Promise<FuzzProject> {
  for (const from of ['.', ...FIXTURES.map(name => `test/fixtures/${name}`)])
    for (const kind of ['pipeline', 'layouts', 'rootfs-manifests', 'overlays', 'scripts'])
      await copyDocuments(path.join(PROJECT, from, kind), path.join(folder, kind), kind);
  await writeFile(path.join(folder, 'rootfs-manifests/skiff.lock.yaml'), lockText(await lockOf(folder)));
  const list = async (kind: string): Promise<string[]> => (await readdir(path.join(folder, kind))).toSorted();
  const yaml = async (kind: string): Promise<string[]> =>
    (await list(kind)).filter(name => name.endsWith('.yaml')).map(name => `${kind}/${name}`);
  const files = [
    ...(await yaml('pipeline')),
    ...(await yaml('layouts')),
    ...(await yaml('rootfs-manifests')),
    'overlays/guest/overlay.yaml',
  ];
  const documents = await Promise.all(
    files.map(async name => [name, await readFile(path.join(folder, name))] as const),
  );
  const bare = async (kind: string): Promise<string[]> => (await yaml(kind)).map(name => path.basename(name, '.yaml'));
  return {
    folder,
    documents,
    names: {
      layout: await bare('layouts'),
      manifest: (await bare('rootfs-manifests')).filter(name => !name.endsWith('.lock')),
      overlay: await list('overlays'),
      file: (await list('scripts')).map(name => `scripts/${name}`),
    },
  };
}

/** Of pipeline/ the definitions alone. */
async function copyDocuments(from: string, to: string, kind: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const found = await readdir(from, { withFileTypes: true }).catch(() => []);
  for (const entry of found)
    if (kind !== 'pipeline' || entry.name.endsWith('.yaml'))
      await cp(path.join(from, entry.name), path.join(to, entry.name), { recursive: true });
}

/** A lock that fits, of packages that nobody has. */
async function lockOf(folder: string): Promise<Lock> {
  const file = path.join(folder, 'rootfs-manifests/skiff.lock.yaml');
  const rows = await Promise.all(
    ['rigging', 'tools'].map(async name => {
      const manifest = await loadManifest(path.join(folder, `rootfs-manifests/${name}.yaml`), {
        project: folder,
        home: PROJECT,
      });
      const { architecture, suite, packages: asks } = manifest;
      const packages = asks.slice(0, 3).map(each => ({
        name: each,
        version: '1:2.3-4',
        architecture,
        path: `pool/${each}.deb`,
        bytes: 77,
        sha256: 'a'.repeat(64),
      }));
      return [
        name,
        {
          architecture,
          suite,
          question: lockQuestion(manifest),
          asks: [...asks].toSorted(),
          sources: [] as LockedSource[],
          packages,
        },
      ] as const;
    }),
  );
  return { image: 'skiff', file, manifests: Object.fromEntries(rows) };
}
