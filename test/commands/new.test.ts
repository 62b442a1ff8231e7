import { readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { check } from '../../pipeline/commands/check.ts';
import { newDocument } from '../../pipeline/commands/new.ts';
import type { DocumentKind } from '../../pipeline/config/places.ts';
import { loadLayout, loadProject } from '../../pipeline/config/project.ts';
import { STAGES } from '../../pipeline/stages/index.ts';
import { projectFolder } from '../config/project-folder.ts';
import { PROJECT } from '../support/caisson.ts';
import { commandContext, type FakeCommandContext } from './context.ts';

const root = projectFolder({ 'empty/': '', 'there/pipeline/barge.yaml': 'name: barge\n', 'there/overlays/tar/': '' });
const contextOf = (name: string): FakeCommandContext => commandContext(path.join(root.path, name), { home: PROJECT });

async function begun(folder: string, kind: DocumentKind, name: string, from: string | null = null): Promise<string> {
  const context = contextOf(folder);
  expect(await newDocument(context, { kind, name, from })).toBe(0);
  return context.printed;
}

const text = (file: string): Promise<string> => readFile(path.join(root.path, file), 'utf8');

/** What a person makes of it who takes every choice. */
async function takeAll(file: string): Promise<void> {
  await root.write({ [file]: (await text(file)).replaceAll(/^#(?! \S)/gm, '') });
}

test('in an empty folder it makes a project, whose private keys and builds git leaves alone', async () => {
  const printed = await begun('empty', 'image', 'galleon');
  expect((await readdir(path.join(root.path, 'empty'))).sort()).toEqual(['.gitignore', 'pipeline']);
  expect(await text('empty/.gitignore')).toBe('/keys/\n/out/\n');
  expect(printed).toMatch(
    /pipeline\/galleon\.yaml\n.*\.gitignore\n\nNext:\n {2}caisson check galleon .*\n {2}caisson keys new keys/,
  );
});

const files = {
  image: 'pipeline/dory.yaml',
  layout: 'layouts/dory.yaml',
  manifest: 'rootfs-manifests/dory.yaml',
  overlay: 'overlays/dory',
};

test.each(Object.entries(files) as [DocumentKind, string][])('%s: without faults as it stands', async (kind, file) => {
  await begun(kind, kind, 'dory');
  const context = contextOf(kind);
  expect(await check(context, [path.join(root.path, kind, file)])).toBe(0);
});

test.each([
  ['layout', files.layout],
  ['manifest', files.manifest],
  ['overlay', 'overlays/dory/overlay.yaml'],
] as const)('%s: without faults with every choice taken', async (kind, file) => {
  await begun(`${kind}-all`, kind, 'dory');
  const before = await text(`${kind}-all/${file}`);
  await takeAll(`${kind}-all/${file}`);
  expect(await text(`${kind}-all/${file}`)).not.toBe(before);
  expect(await check(contextOf(`${kind}-all`), [path.join(root.path, `${kind}-all`, files[kind])])).toBe(0);
});

test('image: every choice taken says what the base says, with packages, files and a script of its own', async () => {
  for (const kind of ['image', 'manifest', 'overlay'] as const) await begun('image-all', kind, 'dory');
  await root.write({ 'image-all/scripts/dory.sh': '#!/bin/sh\n' });
  const load = async (image: string): ReturnType<typeof loadProject> =>
    loadProject({
      project: path.join(root.path, 'image-all'),
      home: PROJECT,
      image,
      sets: [],
      stages: STAGES,
      lock: 'ignore',
    });
  const base = await load('eflow');
  const plain = await load('dory');
  await takeAll('image-all/pipeline/dory.yaml');
  const all = await load('dory');
  const own = { name: 'dory', version: '0.1.0', summary: 'dory, made from eflow', seed: 'dory 0.1.0' };
  const updates = { ...base.image.updates, compatible: 'dory' };
  expect({ ...plain.image, file: '', bases: [] }).toEqual({ ...base.image, ...own, updates, file: '' });
  expect({ ...all.image, file: '', stages: [] }).toEqual({ ...plain.image, file: '', stages: [] });
  const ids = (project: typeof all): string[] => project.image.stages.map(each => each.id);
  expect(ids(all)).toEqual([...ids(base), 'dory-script']);
  expect(all.image.stages.find(each => each.id === 'tree')?.options).toMatchObject({
    manifest: 'dory',
    overlays: ['guest', 'base', 'dory'],
  });
  expect(all.image.stages.find(each => each.id === 'root')?.inputs).toEqual({ tree: 'dory-script' });
});

test('a layout is begun as that of eflow', async () => {
  await begun('disk', 'layout', 'dory');
  const own = await loadLayout(path.join(root.path, 'disk/layouts/dory.yaml'));
  const eflow = await loadLayout(path.join(PROJECT, 'layouts/eflow.yaml'));
  expect({ ...own, file: '', name: '' }).toEqual({ ...eflow, file: '', name: '' });
});

describe('--from', () => {
  test('copies a document with its comments, under the new name', async () => {
    await begun('copy', 'image', 'dory', 'secure');
    const [, ...lines] = (await readFile(path.join(PROJECT, 'pipeline/secure.yaml'), 'utf8')).split('\n');
    expect(await text('copy/pipeline/dory.yaml')).toBe(lines.join('\n').replace('name: secure', 'name: dory'));
  });

  test('copies an overlay tree', async () => {
    await begun('copy', 'overlay', 'dory', 'initrd');
    const list = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();
    expect(await list(path.join(root.path, 'copy/overlays/dory'))).toEqual(
      await list(path.join(PROJECT, 'overlays/initrd')),
    );
  });

  test('a name that YAML would take for another value is written in quotes', async () => {
    await begun('copy', 'image', 'true', 'secure');
    expect(await check(contextOf('copy'), [path.join(root.path, 'copy/pipeline/true.yaml')])).toBe(0);
  });

  test('of nothing', async () => {
    await expect(begun('copy', 'layout', 'sloop', 'elfow')).rejects.toMatchObject({
      message: 'no layout "elfow" in layouts/ of the project or of Caisson',
      hint: 'did you mean "eflow"?',
    });
  });
});

test('the first line names the schema where the project has it', async () => {
  await root.write({ 'editor/schema/overlay.schema.json': '{}', 'editor/schema/image.schema.json': '{}' });
  await begun('editor', 'overlay', 'dory');
  await begun('editor', 'image', 'dory', 'eflow');
  const first = async (file: string): Promise<string | undefined> => (await text(`editor/${file}`)).split('\n')[0];
  expect(await first('overlays/dory/overlay.yaml')).toBe(
    '# yaml-language-server: $schema=../../schema/overlay.schema.json',
  );
  expect(await first('pipeline/dory.yaml')).toBe('# yaml-language-server: $schema=../schema/image.schema.json');
});

describe('nothing that is there is replaced', () => {
  test.each([
    ['image', 'barge', null, /there\/pipeline\/barge\.yaml is there already/],
    ['image', 'barge', 'eflow', /there\/pipeline\/barge\.yaml is there already/],
    ['overlay', 'tar', null, /there\/overlays\/tar is there already/],
  ] as const)('%s %s --from %s', async (kind, name, from, message) => {
    await expect(begun('there', kind, name, from)).rejects.toMatchObject({
      name: 'UsageFault',
      message: expect.stringMatching(message),
    });
    expect(await text('there/pipeline/barge.yaml')).toBe('name: barge\n');
  });
});

test.each(['/proc/nothing', '/proc/nothing/deep', '/proc/version'])('a project cannot be made at %s', async project => {
  const context = commandContext(project, { home: PROJECT });
  await expect(newDocument(context, { kind: 'image', name: 'dory', from: null })).rejects.toMatchObject({
    name: 'UsageFault',
    message: expect.stringMatching(/^the folder \/proc\/(nothing|version)\/?.* cannot be made: E/),
  });
});

test('an overlay tree cannot be made below a folder that takes none', async () => {
  await root.write({ 'closed/pipeline/barge.yaml': 'name: barge\n' });
  await symlink('/proc', path.join(root.path, 'closed/overlays'));
  await expect(begun('closed', 'overlay', 'dory')).rejects.toMatchObject({
    name: 'UsageFault',
    message: expect.stringMatching(/closed\/overlays\/dory cannot be made: ENOENT$/),
  });
});

test.each(['../x', '', 'Barge', 'a/b', '.lock'])('"%s" is no name of an image', async name => {
  await expect(begun('names', 'image', name)).rejects.toMatchObject({ name: 'UsageFault' });
  expect(await readdir(path.join(root.path, 'names')).catch(() => 'none')).toBe('none');
});
