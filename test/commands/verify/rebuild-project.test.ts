import { mkdtemp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadImage } from '../../../pipeline/commands/build/prepare.ts';
import { projectWithLock } from '../../../pipeline/commands/verify/rebuild-project.ts';
import { projectFolder } from '../../config/project-folder.ts';
import { PROJECT } from '../../support/caisson.ts';
import { commandContext } from '../context.ts';

const LOCK = 'wharf.lock.yaml';
const folder = projectFolder({
  'project/pipeline/wharf.yaml': 'extends: eflow\nname: wharf\nversion: "5"\nupdates: null\n',
  'project/notes/a.txt': 'mine\n',
  'release/wharf.lock.yaml': 'released\n',
});

test('a project of one file, with the lock of a release, is a project still', async () => {
  const context = commandContext(path.join(folder.path, 'project'), { home: PROJECT });
  const scratch = await mkdtemp(path.join(folder.path, 'scratch-'));
  const at = (name: string): string => path.join(folder.path, 'release', name);
  // What else a release has is not looked at.
  const names = { lock: LOCK } as Parameters<typeof projectWithLock>[0]['release']['names'];
  const project = await projectWithLock({ context, scratch, release: { image: 'wharf', names, at } });
  expect(project).toBe(path.join(scratch, 'project'));
  expect(await readFile(path.join(project, 'rootfs-manifests', LOCK), 'utf8')).toBe('released\n');
  expect(await readFile(path.join(project, 'notes/a.txt'), 'utf8')).toBe('mine\n');

  const options = { sets: [], formats: [], compress: 'none', bundle: false } as const;
  await expect(loadImage({ ...context, project }, { image: 'wharf', ...options })).rejects.toThrow(
    `${LOCK}:2:1: is no complete lock file`,
  );
});
