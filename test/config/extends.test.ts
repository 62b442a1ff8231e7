import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigFault } from '../../pipeline/config/diagnostic.ts';
import { loadManifest, loadProject } from '../../pipeline/config/project.ts';
import type { Project } from '../../pipeline/config/project.ts';
import { projectFolder } from './project-folder.ts';
import { stages } from './stages.ts';

const manifest = 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n';
const layout = (name: string): string => `partitions:\n  - { name: ${name}, size: "33 MiB", type: linux }\n`;

const home = projectFolder({
  'pipeline/okapi.yaml': `name: okapi
version: "2031.7"
layout: grove
epoch: "1941000000"
summary: of Caisson
budgets: { root: "71 MiB", setuid: 3 }
features: { tpm: "on" }
stages:
  - { id: parts, stage: packages, options: { manifest: leaves } }
  - id: bark
    stage: tree
    inputs: { packages: parts }
    options: { overlays: [moss], keys: [keys/ann.pub] }
  - id: trunk
    stage: filesystem
    inputs: { tree: bark }
    options: { compression: lz4, extra: [-x] }
`,
  'layouts/grove.yaml': layout('Fern'),
  'rootfs-manifests/leaves.yaml': `${manifest}packages: [ivy, oak]\nunits: { mask: [a.timer], enable: [b.timer] }\nmodules: [elm]\n`,
  'rootfs-manifests/tools.yaml': manifest,
  'overlays/moss/etc/motd': 'hello\n',
});

const folder = projectFolder({
  'pipeline/quagga.yaml': `extends: okapi
name: quagga
summary: my own
budgets: { setuid: 9, root: null }
features: null
stages:
  - { id: trunk, options: { compression: null, extra: [-y, -x] } }
  - { id: bark, options: { overlays: [stones] } }
  - { id: plate, stage: disk, inputs: { fern: trunk } }
`,
  'pipeline/written.yaml': `name: quagga
version: "2032.1"
layout: grove
epoch: "1941000000"
summary: my own
budgets: { setuid: 9 }
stages:
  - { id: parts, stage: packages, options: { manifest: leaves } }
  - id: bark
    stage: tree
    inputs: { packages: parts }
    options: { overlays: [moss, stones], keys: [keys/ann.pub] }
  - { id: trunk, stage: filesystem, inputs: { tree: bark }, options: { extra: [-x, -y] } }
  - { id: plate, stage: disk, inputs: { fern: trunk } }
`,
  'pipeline/okapi.yaml': 'extends: okapi\nname: okapi\nversion: "2032.1"\n',
  'pipeline/calf.yaml': 'extends: quagga\nname: calf\nlayout: savanna\nstages: [{ id: plate, stage: null }]\n',
  'layouts/savanna.yaml': layout('Grass'),
  'rootfs-manifests/leaves.yaml': `extends: leaves\npackages: [ash, ivy]\nunits: { enable: [null, c.timer], mask: null }\n`,
  'overlays/stones/etc/issue': 'hello\n',
  'keys/ann.pub': 'ssh-ed25519 AAAA\n',
});

const load = async (image: string, sets: string[] = []): Promise<Project> =>
  loadProject({ project: folder.path, home: home.path, image, sets, stages, lock: 'heed' });

const faultsOf = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConfigFault)) throw error;
  return folder.relative(home.relative(error.message.replaceAll(home.path, 'HOME')));
};

describe('an image that extends another', () => {
  test('is what it would be, written out in one file', async () => {
    const [own, written] = [await load('quagga'), await load('written')];
    expect({ ...own.image, file: '', bases: [] }).toEqual({ ...written.image, file: '' });
    expect(JSON.stringify(own.image.stages)).toBe(JSON.stringify(written.image.stages));
    expect(own.manifests).toEqual(written.manifests);
    expect(own.image).not.toHaveProperty('extends');
  });

  test("may have the name of one of Caisson's", async () => {
    const { image } = await load('okapi');
    expect([image.version, image.summary, image.seed]).toEqual(['2032.1', 'of Caisson', 'okapi 2032.1']);
    expect([image.file, ...image.bases]).toEqual(
      [folder, home].map(each => path.join(each.path, 'pipeline/okapi.yaml')),
    );
  });

  test('over several documents; a step without a stage is gone', async () => {
    const { image, layout: disk } = await load('calf');
    expect(disk.partitions.map(each => each.name)).toEqual(['Grass']);
    expect(image.stages.map(step => step.id)).toEqual(['parts', 'bark', 'trunk']);
    expect(image).toMatchObject({ name: 'calf', summary: 'my own', version: '2032.1' });
  });

  test('has every value where it was written', async () => {
    const { position } = await load('quagga');
    const at = (place: string): string => {
      const { file, line, col } = position(place);
      return `${home.relative(folder.relative(file.replace(home.path, 'HOME')))}:${line}:${col}`;
    };
    expect([at('summary'), at('version'), at('budgets.setuid')]).toEqual([
      'pipeline/quagga.yaml:3:10',
      'pipeline/okapi.yaml:3:10',
      'pipeline/quagga.yaml:4:20',
    ]);
    expect([
      at('stages[1].options.overlays[0]'),
      at('stages[1].options.overlays[1]'),
      at('stages[2].inputs.tree'),
    ]).toEqual(['HOME/pipeline/okapi.yaml:13:27', 'pipeline/quagga.yaml:8:39', 'HOME/pipeline/okapi.yaml:16:21']);
  });

  test('is changed by --set as a whole, but for what it extends', async () => {
    const { image } = await load('quagga', ['stages.trunk.options.compression=zstd', 'version=7.5']);
    expect([image.version, image.stages[2]?.options.compression]).toEqual(['7.5', 'zstd']);
    expect(await faultsOf(load('quagga', ['extends=okapi']))).toBe(
      '--set extends=okapi:1:1: extends: cannot be set: what an image extends is read before (write it into the definition)',
    );
  });
});

test('a manifest that extends another', async () => {
  const own = await loadManifest(path.join(folder.path, 'rootfs-manifests/leaves.yaml'), {
    project: '/nonexistent',
    home: home.path,
  });
  expect(own).toMatchObject({
    name: 'leaves',
    bases: [path.join(home.path, 'rootfs-manifests/leaves.yaml')],
    packages: ['ivy', 'oak', 'ash'],
    modules: ['elm'],
    units: { enable: ['c.timer'], disable: [], mask: [] },
  });
});
