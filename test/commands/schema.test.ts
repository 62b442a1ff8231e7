import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { schemaFiles } from '../../pipeline/commands/schema.ts';
import { PROJECT } from '../support/caisson.ts';

const files = schemaFiles();

test.each(Object.entries(files))('schema/%s is what the code says: run `make schemas`', async (name, text) => {
  expect(await readFile(path.join(PROJECT, 'schema', name), 'utf8')).toBe(text);
});

test('schema/ holds nothing else', async () => {
  expect((await readdir(path.join(PROJECT, 'schema'))).sort()).toEqual(Object.keys(files).sort());
});

test.each([
  ['pipeline/eflow.yaml', 'image'],
  ['layouts/eflow.yaml', 'layout'],
  ['layouts/minimal.yaml', 'layout'],
  ['layouts/large-log.yaml', 'layout'],
  ['rootfs-manifests/base.yaml', 'manifest'],
  ['rootfs-manifests/initrd.yaml', 'manifest'],
  ['rootfs-manifests/tools.yaml', 'manifest'],
  ['rootfs-manifests/vm-tools.yaml', 'manifest'],
])('%s names the schema of its kind in its first line', async (file, kind) => {
  const [first] = (await readFile(path.join(PROJECT, file), 'utf8')).split('\n');
  expect(first).toBe(`# yaml-language-server: $schema=../schema/${kind}.schema.json`);
});
