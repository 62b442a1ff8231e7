import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigFault, diagnosticToJson } from '../../pipeline/config/diagnostic.ts';
import { kindOf, listDocuments } from '../../pipeline/config/places.ts';
import { loadLayout, loadManifest, loadOverlayTree, loadProject } from '../../pipeline/config/project.ts';
import { projectFolder } from './project-folder.ts';
import { stages } from './stages.ts';

const manifest = 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n';
const image = (steps: string, rest = ''): string => `name: zebra
version: "2031.7"
layout: stripes
epoch: "1941000000"
${rest}stages:
${steps}`;

const folder = projectFolder({
  'pipeline/zebra.yaml': image(`  - id: tree
    stage: tree
    inputs: { packages: parts }
    options: { overlays: [spots, spots], keys: [keys/ann.pub, { user: bob, file: ./keys/run }] }
  - id: parts
    stage: packages
    options: { manifest: base }
`),
  'layouts/stripes.yaml': 'partitions:\n  - { name: Log, size: "33 MiB", type: linux }\n',
  'layouts/dots.yaml': 'name: other\npartitions:\n  - { name: Dot, size: "22 MiB", type: linux }\n',
  'rootfs-manifests/base.yaml': manifest,
  'rootfs-manifests/tools.yaml': manifest,
  'rootfs-manifests/vm-tools.yaml': manifest,
  'rootfs-manifests/constructor.yaml': manifest,
  'overlays/spots/etc/motd': 'hello\n',
  'keys/ann.pub': 'ssh-ed25519 AAAA\n',
  'keys/run': '#!/bin/sh\n',
  'keys/outside': '-> /etc/hostname',
});

const load = (name: string, sets: string[] = []) =>
  loadProject({ project: folder.path, home: folder.path, image: name, sets, stages, lock: 'heed' });

const faultsOf = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConfigFault)) throw error;
  return folder.relative(error.message);
};

describe('a sound project', () => {
  test('everything that the image names is there', async () => {
    const project = await load('zebra');
    expect(project.folder).toBe(folder.path);
    expect(project.image).toMatchObject({
      name: 'zebra',
      epoch: 1941000000,
      seed: 'zebra 2031.7',
      tools: 'tools',
      vmTools: 'vm-tools',
      summary: '',
    });
    expect(project.image.stages[1]).toEqual({
      id: 'parts',
      stage: 'packages',
      inputs: {},
      options: { manifest: 'base' },
    });
    expect(project.layout).toMatchObject({ name: 'stripes', size: 35 * 2 ** 20 });
    expect(Object.keys(project.manifests).sort()).toEqual(['base', 'tools', 'vm-tools']);
    expect(Object.keys(project.overlays)).toEqual(['spots']);
    expect(project.files).toEqual({
      'keys/ann.pub': {
        path: path.join(folder.path, 'keys/ann.pub'),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        mode: 0o644,
      },
      './keys/run': {
        path: path.join(folder.path, 'keys/run'),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        mode: 0o755,
      },
    });
  });

  test('positions are those of the image', async () => {
    const { position } = await load('zebra', ['stages.parts.options.manifest=constructor']);
    const at = (place: string): string => folder.relative(Object.values(position(place)).join(':'));
    expect(at('stages[0].options.overlays[1]')).toBe('pipeline/zebra.yaml:9:34');
    expect(at('stages[0].options.nothing.there')).toBe('pipeline/zebra.yaml:9:14');
    expect(at('stages[1].options.manifest')).toBe('--set stages.parts.options.manifest=constructor:1:31');
    expect(at('')).toBe('pipeline/zebra.yaml:1:1');
  });

  test('sets change the image, then the layout that it names', async () => {
    const project = await load('zebra', ['layout=dots', 'layout.partitions.Dot.size=99 MiB']);
    expect(project.layout).toMatchObject({ name: 'other', size: 101 * 2 ** 20 });
  });

  test('a path brings its own project', async () => {
    const file = path.join(folder.path, 'pipeline/zebra.yaml');
    expect(
      (
        await loadProject({
          project: '/nonexistent',
          home: '/nonexistent',
          image: file,
          sets: [],
          stages,
          lock: 'heed',
        })
      ).folder,
    ).toBe(folder.path);
    await folder.write({ 'elsewhere/okapi.yaml': image('  - { id: d, stage: disk }\n').replace('zebra', 'okapi') });
    const other = await loadProject({
      project: folder.path,
      home: folder.path,
      image: path.join(folder.path, 'elsewhere/okapi.yaml'),
      sets: [],
      stages,
      lock: 'heed',
    });
    expect([other.folder, other.image.name]).toEqual([folder.path, 'okapi']);
  });

  test('a manifest may be called like a property of every object', async () => {
    const project = await load('zebra', ['stages.parts.options.manifest=constructor']);
    expect(project.manifests['constructor']).toMatchObject({ name: 'constructor', suite: 'sid' });
  });

  test('vm-tools may be absent until something boots', async () => {
    const project = await load('zebra', ['vmTools=base']);
    expect(Object.keys(project.manifests).sort()).toEqual(['base', 'tools']);
  });

  test('documents are listed and told apart by their folders', async () => {
    const names = async () => {
      const { images, layouts, manifests, overlays } = await listDocuments(folder.path);
      return [images, layouts, manifests, overlays].map(files => files.map(file => path.basename(file)).join());
    };
    await folder.write({ 'layouts/.hidden.yaml': '', 'layouts/notes.txt': '', 'overlays/file': '' });
    expect(await names()).toEqual([
      'zebra.yaml',
      'dots.yaml,stripes.yaml',
      'base.yaml,constructor.yaml,tools.yaml,vm-tools.yaml',
      'spots',
    ]);
    expect(
      ['pipeline/a.yaml', 'layouts/a.yaml', 'rootfs-manifests/a.yaml', 'overlays/a', 'a.yaml'].map(kindOf),
    ).toEqual(['image', 'layout', 'manifest', 'overlay', null]);
    expect(await listDocuments('/nonexistent')).toEqual({ images: [], layouts: [], manifests: [], overlays: [] });
  });

  test('documents load by themselves', async () => {
    const at = (name: string): string => path.join(folder.path, name);
    expect((await loadLayout(at('layouts/dots.yaml'))).name).toBe('other');
    expect(
      (await loadManifest(at('rootfs-manifests/base.yaml'), { project: '/nonexistent', home: '/nonexistent' })).suite,
    ).toBe('sid');
    expect((await loadOverlayTree(at('overlays/spots'))).entries).toHaveLength(2);
  });
});

test('the documents of this project are sound', async () => {
  const project = path.join(import.meta.dirname, '../..');
  const { layouts, manifests, overlays } = await listDocuments(project);
  expect(layouts.length).toBeGreaterThanOrEqual(3);
  await Promise.all([
    ...layouts.map(loadLayout),
    ...manifests.map(async each => loadManifest(each, { project, home: project })),
    ...overlays.map(loadOverlayTree),
  ]);
});

describe('faults', () => {
  test('an unknown image', async () => {
    expect(await faultsOf(load('zerba'))).toMatchInlineSnapshot(
      `"pipeline/zerba.yaml:1:1: no image "zerba" in pipeline/ (did you mean "zebra"?)"`,
    );
    expect(await faultsOf(load('nothing.yaml'))).toMatch(/nothing\.yaml:1:1: no such file$/);
    expect(await faultsOf(load('..'))).toMatchInlineSnapshot(
      `"pipeline/...yaml:1:1: no image ".." in pipeline/ (allowed: zebra)"`,
    );
  });

  test('missing documents, each at its place', async () => {
    const sets = [
      'layout=strips',
      'tools=toolz',
      'vmTools=none-such',
      'stages.parts.options.manifest=bsae',
      'stages.tree.options.overlays=[spot, "../spots", spots]',
      'stages.tree.options.keys=[keys/ann.pug, ../keys/x, /etc/passwd, keys/outside, keys, no/such/file]',
    ];
    expect(await faultsOf(load('zebra', sets))).toMatchInlineSnapshot(`
      "--set layout=strips:1:8: layout: no layout "strips" in layouts/ (did you mean "stripes"?)
      --set stages.parts.options.manifest=bsae:1:31: stages[1].options.manifest: no manifest "bsae" in rootfs-manifests/ (did you mean "base"?)
      --set stages.tree.options.keys=[keys/ann.pug, ../keys/x, /etc/passwd, keys/outside, keys, no/such/file]:1:26: stages[0].options.keys[0]: no file "keys/ann.pug" in the project (did you mean "keys/ann.pub"?)
      --set stages.tree.options.keys=[keys/ann.pug, ../keys/x, /etc/passwd, keys/outside, keys, no/such/file]:1:26: stages[0].options.keys[1]: "../keys/x" lies outside the project (name a file below its folder)
      --set stages.tree.options.keys=[keys/ann.pug, ../keys/x, /etc/passwd, keys/outside, keys, no/such/file]:1:26: stages[0].options.keys[2]: "/etc/passwd" lies outside the project (name a file below its folder)
      --set stages.tree.options.keys=[keys/ann.pug, ../keys/x, /etc/passwd, keys/outside, keys, no/such/file]:1:26: stages[0].options.keys[3]: "keys/outside" leads outside the project, to /etc/hostname (copy the file into it)
      --set stages.tree.options.keys=[keys/ann.pug, ../keys/x, /etc/passwd, keys/outside, keys, no/such/file]:1:26: stages[0].options.keys[4]: "keys" is not a regular file
      --set stages.tree.options.keys=[keys/ann.pug, ../keys/x, /etc/passwd, keys/outside, keys, no/such/file]:1:26: stages[0].options.keys[5]: no file "no/such/file" in the project (it would be no/such/file)
      --set stages.tree.options.overlays=[spot, "../spots", spots]:1:30: stages[0].options.overlays[0]: no overlay "spot" in overlays/ (did you mean "spots"?)
      --set stages.tree.options.overlays=[spot, "../spots", spots]:1:30: stages[0].options.overlays[1]: must be a plain name without folders, found "../spots"
      --set tools=toolz:1:7: tools: no manifest "toolz" in rootfs-manifests/ (did you mean "tools"?)
      --set vmTools=none-such:1:9: vmTools: no manifest "none-such" in rootfs-manifests/ (allowed: base, constructor, tools, vm-tools)"
    `);
  });

  test('of all files at once, sorted', async () => {
    await folder.write({
      'pipeline/bad.yaml': image(
        '  - { id: t, stage: tree, inputs: { packages: q }, options: { overlays: [badover] } }\n  - { id: p, stage: packages, options: { manifest: badmani } }\n',
        'layuot: x\nvmTools: dupl\n',
      ).replace('stripes', 'badlay'),
      'layouts/badlay.yaml':
        'partitions:\n  - { name: A, sise: "1 MiB", type: linux }\n  - { name: B, size: 8, type: linux }\n',
      'rootfs-manifests/badmani.yaml': `${manifest}packages: [A B]\n`,
      'rootfs-manifests/dupl.yaml': `${manifest}suite: sid\n`,
      'overlays/badover/overlay.yaml': 'entries:\n  /none: { mode: "0600" }\n',
    });
    expect(await faultsOf(load('bad'))).toMatchInlineSnapshot(`
      "layouts/badlay.yaml:2:16: partitions[0]: unknown key "sise" (did you mean "size"?)
      layouts/badlay.yaml:3:22: partitions[1].size: must be a size, found the number 8 (write a size with unit, e.g. "8 MiB")
      overlays/badover/overlay.yaml:2:3: entries["/none"]: matches nothing in this overlay tree
      pipeline/bad.yaml:5:1: unknown key "layuot" (did you mean "layout"?)
      pipeline/bad.yaml:8:47: stages[0].inputs.packages: no step has the id "q" (allowed: p)
      rootfs-manifests/badmani.yaml:3:12: packages[0]: must be a package name of a-z, 0-9, "+", "-" and ".", found "A B"
      rootfs-manifests/dupl.yaml:3:1: duplicate key "suite", first at line 1"
    `);
  });

  test('as JSON values', async () => {
    const error: unknown = await load('zebra', ['layout=strips']).catch((reason: unknown) => reason);
    expect((error as ConfigFault).diagnostics.map(diagnosticToJson)).toEqual([
      {
        file: '--set layout=strips',
        line: 1,
        col: 8,
        path: 'layout',
        message: 'no layout "strips" in layouts/',
        hint: 'did you mean "stripes"?',
      },
    ]);
  });
});

describe('what the project does not have', () => {
  const home = projectFolder({
    'pipeline/heron.yaml': image(
      '  - { id: t, stage: tree, inputs: { packages: parts }, options: { overlays: [reeds, spots], keys: [keys/ann.pub] } }\n  - { id: parts, stage: packages, options: { manifest: base } }\n',
    )
      .replace('zebra', 'heron')
      .replace('stripes', 'marsh'),
    'layouts/marsh.yaml': 'partitions:\n  - { name: Mud, size: "44 MiB", type: linux }\n',
    'layouts/stripes.yaml': 'partitions:\n  - { name: Sky, size: "55 MiB", type: linux }\n',
    'rootfs-manifests/tools.yaml': manifest.replace('sid', 'bookworm'),
    'rootfs-manifests/nets.yaml': manifest.replace('sid', 'bookworm'),
    'overlays/reeds/etc/issue': 'hello\n',
    'overlays/spots/etc/issue': 'hello\n',
    'keys/ann.pub': 'not mine\n',
    'keys/eve.pub': 'not mine\n',
  });
  const find = (name: string, sets: string[] = []) =>
    loadProject({ project: folder.path, home: home.path, image: name, sets, stages, lock: 'heed' });

  test("is Caisson's own, and what it has goes before", async () => {
    const found = await find('heron', ['vmTools=nets']);
    expect(found.folder).toBe(folder.path);
    expect(found.layout.partitions.map(each => each.name)).toEqual(['Mud']);
    expect([found.manifests.tools?.suite, found.manifests.nets?.suite]).toEqual(['sid', 'bookworm']);
    expect(found.overlays.reeds?.directory).toBe(path.join(home.path, 'overlays/reeds'));
    expect(found.overlays.spots?.directory).toBe(path.join(folder.path, 'overlays/spots'));
    expect((await find('heron', ['layout=stripes'])).layout.partitions.map(each => each.name)).toEqual(['Log']);
  });

  test('but for files: those are of the project alone', async () => {
    const found = await find('heron');
    expect(found.files['keys/ann.pub']?.path).toBe(path.join(folder.path, 'keys/ann.pub'));
    expect(await faultsOf(find('heron', ['stages.t.options.keys=[keys/eve.pub]']))).toContain(
      'no file "keys/eve.pub" in the project',
    );
  });

  test('a name that neither has', async () => {
    expect(await faultsOf(find('heron', ['layout=marhs', 'tools=nest']))).toBe(
      [
        '--set layout=marhs:1:8: layout: no layout "marhs" in layouts/ of the project or of Caisson (did you mean "marsh"?)',
        '--set tools=nest:1:7: tools: no manifest "nest" in rootfs-manifests/ of the project or of Caisson (did you mean "nets"?)',
      ].join('\n'),
    );
    expect(await faultsOf(find('heroon'))).toBe(
      'pipeline/heroon.yaml:1:1: no image "heroon" in pipeline/ of the project or of Caisson (did you mean "heron"?)',
    );
  });
});
