/** Projects of tests, built by the command line as a person would build one of their own. */
import { cp, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { caisson, type CliResult, PROJECT } from './caisson.ts';

export interface FixtureBuild {
  /** Folder below test/fixtures/. */
  fixture: string;
  image: string;
  formats: string;
  /** Where the project is put; the output is in `out/` there. */
  project: string;
  /** The cache of the build; its store is its own. */
  cache: string;
  /** A cache whose packages, resolutions and trees it uses. */
  shared: string;
}

/** Copies a project and builds it. Of ours it has the tools manifest, and `init` as the overlay tree `cabin`. */
export async function buildFixture(options: FixtureBuild): Promise<CliResult> {
  const { fixture, image, formats, project, cache, shared } = options;
  await cp(path.join(PROJECT, 'test/fixtures', fixture), project, { recursive: true });
  await cp(path.join(PROJECT, 'rootfs-manifests/tools.yaml'), path.join(project, 'rootfs-manifests/tools.yaml'));
  await cp(path.join(PROJECT, 'overlays/initrd'), path.join(project, 'overlays/cabin'), { recursive: true });
  await mkdir(cache, { recursive: true });
  for (const name of ['pool', 'resolutions', 'trees'])
    await symlink(path.join(shared, name), path.join(cache, name)).catch(error => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  return caisson(['build', image, '--format', formats, '--plain'], { cwd: project, cache });
}
