/** Earlier releases, and the smaller updates that lead from them to this one. */
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { digestFile } from '../../engine/digest.ts';
import { codeOf } from '../../engine/files.ts';
import type { Material } from '../../formats/provenance.ts';
import type { ReleaseFiles } from '../../formats/release-files.ts';
import { makeDelta } from '../bundle.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import type { Prepared } from '../build/prepare.ts';

/** Folders of releases, or their full bundles -> host paths of the bundles. Throws UsageFault for one without. */
export async function earlierBundles(image: string, places: readonly string[]): Promise<string[]> {
  const bundles = await Promise.all(places.map(async place => realpath(await bundleOf(image, place))));
  const twice = bundles.find((each, index) => bundles.indexOf(each) !== index);
  if (twice !== undefined) throw new UsageFault(`${twice} is named twice by --from`, 'leave one out');
  return bundles;
}

async function bundleOf(image: string, place: string): Promise<string> {
  const found = await stat(place).catch(() => null);
  if (found?.isFile() === true) return place;
  const names = found === null ? [] : await namesIn(place);
  const full = names.filter(
    name => name.startsWith(`${image}-`) && name.endsWith('.raucb') && !name.includes('-from-'),
  );
  const [only, ...others] = full;
  if (only !== undefined && others.length === 0) return path.join(place, only);
  throw new UsageFault(
    found === null ? `there is no earlier release ${place}` : `${place} has ${full.length} full bundles of ${image}`,
    'name the folder of an earlier release of the same image, or its .raucb',
  );
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    throw new UsageFault(
      `${folder} cannot be read (${codeOf(error)})`,
      'name the folder of an earlier release of the same image, or its .raucb',
    );
  });
}

/** Writes a bundle of differences from each into `folder`; returns their names. */
export async function addDeltas(
  context: CommandContext,
  { project, tools }: Prepared,
  { folder, names, earlier }: { folder: string; names: ReleaseFiles; earlier: readonly string[] },
): Promise<string[]> {
  const made: string[] = [];
  for (const from of earlier)
    made.push(path.basename(await makeDelta(context, { project, full: path.join(folder, names.bundle), from, tools })));
  return made;
}

/** What the differences were made of, besides this release. */
export async function earlierMaterials(earlier: readonly string[], signal: AbortSignal): Promise<Material[]> {
  return Promise.all(
    earlier.map(async file => ({
      name: path.basename(file),
      digest: { sha256: (await digestFile(file, signal)).sha256 },
    })),
  );
}
