import path from 'node:path';
import { expect, test } from 'vitest';
import { ConfigFault } from '../../pipeline/config/diagnostic.ts';
import { loadManifest, loadProject } from '../../pipeline/config/project.ts';
import { projectFolder } from './project-folder.ts';
import { stages } from './stages.ts';

const manifest = 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n';
const deep = Array.from({ length: 10 }, (_, level): [string, string] => [
  `rootfs-manifests/deep-${level}.yaml`,
  `extends: deep-${level + 1}\n`,
]);

const home = projectFolder({
  'pipeline/okapi.yaml': `name: okapi
version: "2031.7"
layout: grove
epoch: "1941000000"
stages:
  - { id: parts, stage: packages, options: { manifest: leaves } }
  - { id: trunk, stage: filesystem, inputs: { tree: bark }, options: { compression: lz4 } }
  - { id: bark, stage: tree, inputs: { packages: parts } }
`,
  'pipeline/hermit.yaml': 'extends: quagga\nname: hermit\n',
  'layouts/grove.yaml': 'partitions:\n  - { name: Fern, size: "33 MiB", type: linux }\n',
  'rootfs-manifests/leaves.yaml': `${manifest}users: [{ name: ann, uid: 71 }]\n`,
  'rootfs-manifests/tools.yaml': manifest,
});

const folder = projectFolder({
  'pipeline/quagga.yaml': 'extends: zebra\nname: quagga\n',
  'pipeline/zebra.yaml': '# stripes\nextends: quagga\nname: zebra\n',
  'pipeline/mirror.yaml': 'name: mirror\nextends: mirror\n',
  'pipeline/near.yaml': 'name: near\nextends: okapo\n',
  'pipeline/kind.yaml': 'name: kind\nextends: grove\n',
  'pipeline/number.yaml': 'name: number\nextends: 7\n',
  'pipeline/above.yaml': 'name: above\nextends: ../okapi\n',
  'pipeline/away.yaml': 'extends: okapi\nname: away\nlayout: null\nsummary: null\n',
  'pipeline/nameless.yaml': 'extends: okapi\nsummary: none\n',
  'pipeline/other.yaml': 'extends: okapi\nname: other\nstages:\n  - { id: trunk, stage: disk, inputs: { x: parts } }\n',
  'pipeline/gone.yaml': 'extends: okapi\nname: gone\nstages:\n  - { id: bark, stage: null }\n',
  'pipeline/unfit.yaml': 'extends: okapi\nname: unfit\nstages:\n  - { id: trunk, options: { compresion: zstd } }\n',
  'pipeline/stray.yaml': 'extends: okapi\nname: stray\nstages:\n  - { id: twig, options: { level: 3 } }\n',
  'pipeline/typo.yaml':
    'extend: okapi\nname: typo\nversion: "7"\nlayout: grove\nepoch: "1941000000"\nstages: [{ id: d, stage: disk }]\n',
  'pipeline/torn.yaml': 'extends: shreds\nname: torn\n',
  'pipeline/shreds.yaml': 'name: [\n',
  'pipeline/heir.yaml': 'extends: faulty\nname: heir\n',
  'pipeline/faulty.yaml': 'extends: okapi\nname: faulty\nlayout: [grove]\nbudgets: { root: big }\n',
  'pipeline/open.yaml':
    'extends: okapi\nname: open\nversion: "8"\nfirewall: { allow: [{ port: 81, from: ["192.0.2.0/24"] }] }\n',
  'pipeline/narrow.yaml': 'extends: open\nname: narrow\nfirewall: { allow: [{ port: 81, from: ["192.0.2.9"] }] }\n',
  'rootfs-manifests/twins.yaml': 'extends: leaves\nusers: [{ name: bob, uid: 71 }]\n',
  ...Object.fromEntries(deep),
  'rootfs-manifests/deep-10.yaml': manifest,
});

const IMAGES = [
  ['two that extend each other', 'quagga'],
  ['itself', 'mirror'],
  ['a name with a typing error', 'near'],
  ['a document of another kind', 'kind'],
  ['no word', 'number'],
  ['a path', 'above'],
  ["Caisson's own, which cannot see the project", 'hermit'],
  ['a needed key taken away, and one that nobody has', 'away'],
  ['without a name of its own', 'nameless'],
  ['a step of another stage', 'other'],
  ['a step taken away that others read', 'gone'],
  ['an option that the stage of the base does not have', 'unfit'],
  ['a new step without a stage', 'stray'],
  ['a key with a typing error', 'typo'],
  ['a base that cannot be read', 'torn'],
  ['a base with faults', 'heir'],
  ['a port that the base lets in otherwise', 'narrow'],
] as const;

test('texts are the golden ones', async () => {
  const both = { project: folder.path, home: home.path };
  const texts: string[] = [];
  for (const [title, image] of IMAGES)
    texts.push(`# ${title}\n${await faultsOf(loadProject({ ...both, image, sets: [], stages, lock: 'ignore' }))}\n`);
  for (const [title, name] of [
    ['an entry of both that cannot be twice', 'twins'],
    ['a chain too long', 'deep-0'],
  ])
    texts.push(
      `# ${title}\n${await faultsOf(loadManifest(path.join(folder.path, `rootfs-manifests/${name}.yaml`), both))}\n`,
    );
  await expect(texts.join('\n')).toMatchFileSnapshot(path.join(import.meta.dirname, 'golden/extends.txt'));
});

test('eight are not too many', async () => {
  const file = path.join(folder.path, 'rootfs-manifests/deep-2.yaml');
  expect((await loadManifest(file, { project: folder.path, home: home.path })).suite).toBe('sid');
});

async function faultsOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConfigFault)) throw error;
  return folder.relative(error.message.replaceAll(home.path, 'HOME'));
}
