import path from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../pipeline/config/project.ts';
import { recordReads } from '../../pipeline/config/reads.ts';
import { projectFolder } from './project-folder.ts';
import { stages } from './stages.ts';

const manifest = 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n';
const folder = projectFolder({
  'pipeline/zebra.yaml': `name: zebra
version: "2031.7"
layout: stripes
epoch: "1941000000"
stages:
  - { id: tree, stage: tree, inputs: { packages: parts }, options: { overlays: [spots], keys: [keys/ann.pub] } }
  - { id: parts, stage: packages, options: { manifest: base } }
`,
  'layouts/stripes.yaml': 'partitions:\n  - { name: Log, size: "33 MiB", type: linux }\n',
  'layouts/dots.yaml': 'partitions: []\n',
  'rootfs-manifests/base.yaml': manifest,
  'rootfs-manifests/tools.yaml': manifest,
  'overlays/spots/etc/motd': 'hello\n',
  'keys/ann.pub': 'ssh-ed25519 AAAA\n',
});

const load = async () =>
  loadProject({ project: folder.path, home: folder.path, image: 'zebra', sets: [], stages, lock: 'heed' });

/** Relative to the project, sorted. */
async function readsOf(work: () => Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>();
  await recordReads(each => void seen.add(path.relative(folder.path, each)), work).catch(() => undefined);
  return [...seen].toSorted();
}

const ALL = [
  'keys/ann.pub',
  'layouts/stripes.yaml',
  'overlays/spots',
  'pipeline/zebra.yaml',
  'rootfs-manifests/base.yaml',
  'rootfs-manifests/tools.yaml',
];

test('all that an image is made of, and what it would take if it were there', async () => {
  const seen = await readsOf(load);
  expect(seen).toEqual(
    expect.arrayContaining([...ALL, 'rootfs-manifests/vm-tools.yaml', 'rootfs-manifests/zebra.lock.yaml']),
  );
  expect(seen).not.toContain('layouts/dots.yaml');
});

test('also what is missing, and what stands behind the first fault', async () => {
  await folder.write({ 'layouts/stripes.yaml': 'partitoins: []\n' });
  const seen = await readsOf(async () =>
    loadProject({
      project: folder.path,
      home: folder.path,
      image: 'zebra',
      sets: ['stages.parts.options.manifest=lost', 'stages.tree.options.keys=[keys/lost.pub]'],
      stages,
      lock: 'heed',
    }),
  );
  expect(seen).toEqual(
    expect.arrayContaining(['layouts/stripes.yaml', 'rootfs-manifests/lost.yaml', 'keys/lost.pub', 'overlays/spots']),
  );
});

test('nothing is told once the work is done, and two at once are kept apart', async () => {
  const [one, other] = await Promise.all([readsOf(load), readsOf(async () => undefined)]);
  expect(one).toContain('pipeline/zebra.yaml');
  expect(other).toEqual([]);
});
