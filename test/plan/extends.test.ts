import { expect, test } from 'vitest';
import { loadProject } from '../../pipeline/config/project.ts';
import { makePlan } from '../../pipeline/plan/plan.ts';
import { STAGES } from '../../pipeline/stages/index.ts';
import { projectFolder } from '../config/project-folder.ts';
import { planInput } from './fixture.ts';

const home = projectFolder({
  'pipeline/shelf.yaml': `name: shelf
version: "3"
layout: shelf
epoch: "1941000000"
tools: chest
stages:
  - { id: files, stage: tree, options: { overlays: [novels] } }
  - { id: books, stage: filesystem, inputs: { tree: files }, options: { content: books } }
  - { id: disk, stage: disk, inputs: { books: books } }
  - { id: file, stage: container, inputs: { disk: disk }, options: { format: vhdx, subformat: fixed } }
`,
  'layouts/shelf.yaml': 'partitions:\n  - { name: Books, size: "64 MiB", type: linux, filesystem: ext4 }\n',
  'rootfs-manifests/chest.yaml': 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n',
  'overlays/novels/novel.txt': 'once\n',
});

const folder = projectFolder({
  'pipeline/short.yaml': `extends: shelf
name: library
stages:
  - { id: files, options: { overlays: [diaries] } }
  - { id: file, options: { subformat: null } }
`,
  'pipeline/long.yaml': `name: library
epoch: "1941000000"
version: "3"
tools: chest
layout: shelf
stages:
  - { id: files, options: { overlays: [novels, diaries] }, stage: tree }
  - { id: books, stage: filesystem, inputs: { tree: files }, options: { content: books } }
  - { id: disk, stage: disk, inputs: { books: books } }
  - { id: file, stage: container, inputs: { disk: disk }, options: { format: vhdx } }
`,
  'overlays/diaries/diary.txt': 'today\n',
});

async function keysOf(image: string): Promise<Record<string, string | null>> {
  const { packages, certificates, keyring } = planInput();
  const project = await loadProject({
    project: folder.path,
    home: home.path,
    image,
    sets: [],
    stages: STAGES,
    lock: 'heed',
  });
  const { plan, faults } = makePlan({ ...project, stages: STAGES, packages, certificates, keyring });
  expect(faults).toEqual([]);
  return Object.fromEntries((plan?.steps ?? []).map(step => [step.id, step.key]));
}

test('what extends another has the keys of what says the same in one file', async () => {
  const keys = await keysOf('short');
  expect(keys).toEqual(await keysOf('long'));
  expect(Object.keys(keys)).toEqual(['files', 'books', 'disk', 'file']);
  expect(Object.values(keys)).not.toContain(null);
});
