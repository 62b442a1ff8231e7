/** docs/DOCUMENTS.md is one small project: whoever copies it must get what it says. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { check } from '../../pipeline/commands/check.ts';
import { loadImage } from '../../pipeline/commands/build/prepare.ts';
import { projectFolder } from '../config/project-folder.ts';
import { PROJECT } from '../support/caisson.ts';
import { commandContext } from './context.ts';

const text = readFileSync(path.join(PROJECT, 'docs/DOCUMENTS.md'), 'utf8');
const blocks = [...text.matchAll(/```yaml\n(# ([\w./-]+\.yaml)[^]*?)```/g)].map(([, body = '', name = '']) => [
  name,
  body,
]);
const files = Object.fromEntries(blocks.filter(([name]) => name?.endsWith('.lock.yaml') === false)) as Record<
  string,
  string
>;

const folder = projectFolder({
  ...files,
  'overlays/shelf/books/novel.txt': 'once\n',
  'overlays/shelf/private/diary.txt': 'today\n',
  'overlays/harbor/etc/motd': 'moored\n',
});
const context = () => commandContext(folder.path, { home: PROJECT });

test('every example is sound', async () => {
  expect(Object.keys(files).length).toBeGreaterThanOrEqual(6);
  const asked = context();
  expect(await check(asked, [])).toBe(0);
  expect(asked.printed).toMatch(/^5 documents without faults: /);
});

test('the image that extends eflow is eflow, with more', async () => {
  const options = { sets: [], formats: [], compress: 'none', bundle: false } as const;
  const own = await loadImage(context(), { image: 'harbor', ...options });
  const base = await loadImage(commandContext(PROJECT), { image: 'eflow', ...options });
  expect(own.image.stages.map(step => step.id)).toEqual(base.image.stages.map(step => step.id));
  expect(own.image).toMatchObject({ name: 'harbor', version: '1', updates: null, release: null });
  expect(own.image.budgets).toEqual({ ...base.image.budgets, packages: 240 });
  expect(own.manifests.base?.packages).toEqual(expect.arrayContaining(['chrony', 'curl']));
  expect(own.overlays.guest?.directory).toBe(path.join(PROJECT, 'overlays/guest'));
});
