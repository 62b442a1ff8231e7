/** The script of `caisson completion bash`, run by bash itself as it runs it for a Tab. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { CLI } from '../support/caisson.ts';

const folder = path.join(inject('builds').scratch, 'completion');

beforeAll(async () => {
  await mkdir(path.join(folder, 'rootfs-manifests'), { recursive: true });
  await mkdir(path.join(folder, 'pipeline'));
  await writeFile(path.join(folder, 'pipeline/barge.yaml'), '');
  await writeFile(path.join(folder, 'bar of soap.vhdx'), '');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** What a Tab behind the last word offers, sorted. */
async function offered(words: readonly string[]): Promise<string[]> {
  const script = String.raw`source <("$1" "$2" completion bash); shift 2
COMP_WORDS=(caisson "$@"); COMP_CWORD=$#; _caisson; printf '%s\n' "${'$'}{COMPREPLY[@]}"`;
  const { stdout } = await execa('bash', ['--norc', '-c', script, 'bash', process.execPath, CLI, ...words], {
    cwd: folder,
  });
  return stdout.split('\n').sort();
}

it.each([
  [['pro'], ['prove', 'provision']],
  [
    ['build', 'bar'],
    ['bar of soap.vhdx', 'barge'],
  ],
  [['build', 'barge', '--jo'], ['--jobs']],
  [
    ['build', '--compress', '='],
    ['none', 'zst'],
  ],
  [
    ['cache', ''],
    ['help', 'ls', 'prune', 'verify'],
  ],
  [['build', 'barge', '--out', 'pi'], ['pipeline']],
  [['explain', 'layout.'], ['']],
  [['explain', 'partitions.si'], ['partitions.size']],
])('%j', async (words, all) => expect(await offered(words)).toEqual(all));

it.each(['bash', 'zsh', 'fish'])('%s takes the script, where it is installed', async shell => {
  const { stdout } = await execa(process.execPath, [CLI, 'completion', shell]);
  const file = path.join(folder, `script.${shell}`);
  await writeFile(file, stdout);
  const checked = await execa(shell, ['-n', file], { reject: false });
  expect(checked.code === 'ENOENT' || checked.exitCode === 0, checked.stderr).toBe(true);
});
