/** A project in a folder of its own, for one test file. */
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';

export interface ProjectFolder {
  readonly path: string;
  /** Writes files by their relative paths; `-> target` makes a symbolic link, a folder ends in `/`. */
  write(files: Record<string, string>): Promise<void>;
  /** Diagnostics name files outside the current folder absolutely: without the folder they are the same everywhere. */
  relative(text: string): string;
}

/** Made before the tests of the file, removed behind them. */
export function projectFolder(files: Record<string, string>): ProjectFolder {
  let root = '';
  const folder: ProjectFolder = {
    get path() {
      if (root === '') throw new Error('the folder is made before the tests, not when the file is loaded');
      return root;
    },
    async write(more) {
      for (const [name, content] of Object.entries(more)) await put(path.join(root, name), content, name.endsWith('/'));
    },
    relative: text => text.replaceAll(`${root}/`, '').replaceAll(root, '.'),
  };
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'caisson-config-'));
    await folder.write(files);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  return folder;
}

async function put(file: string, content: string, isFolder: boolean): Promise<void> {
  await mkdir(isFolder ? file : path.dirname(file), { recursive: true });
  if (isFolder) return;
  await rm(file, { force: true });
  if (content.startsWith('-> ')) return symlink(content.slice(3), file);
  await writeFile(file, content);
  if (content.startsWith('#!')) await chmod(file, 0o755);
}
