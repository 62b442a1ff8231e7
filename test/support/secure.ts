/** The image of pipeline/secure.yaml, signed with keys of its own; made once for all tests that want it. */
import { mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { SharedBuilds } from '../system/set-up.ts';
import { caisson } from './caisson.ts';
import { copyProject } from './project.ts';

export interface SecureImage {
  /** Folder of a project with the keys below it. */
  project: string;
  /** Folder with secure.vhdx and build.json. */
  out: string;
  image: string;
}

/** Test files run one after the other. */
export async function secureImage({ own, scratch }: SharedBuilds): Promise<SecureImage> {
  const project = path.join(scratch, 'secure');
  const out = path.join(project, 'out/secure');
  if (!existsSync(path.join(out, 'build.json'))) {
    await mkdir(project, { recursive: true });
    await copyProject(own.project, project);
    const options = { cwd: project, cache: own.cache };
    for (const args of [
      ['keys', 'new', 'keys'],
      ['build', 'secure', '--plain'],
    ]) {
      const { exitCode, stderr } = await caisson(args, options);
      if (exitCode !== 0) throw new Error(stderr);
    }
  }
  return { project, out, image: path.join(out, 'secure.vhdx') };
}
