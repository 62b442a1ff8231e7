/** The files of a bundle that holds differences, and what its manifest says of them. */
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { digestArtifact } from '../../engine/digest.ts';
import type { BundleFile, BundleManifest } from '../../formats/bundle-manifest.ts';
import { withFile } from '../read-file.ts';
import type { OpenBundle } from './open-bundle.ts';
import { haveSameFiles } from './selector-files.ts';
import { slotDelta, type DeltaContext } from './slot-delta.ts';

/** RAUC runs it for each slot in place of writing the image. All it must do is in the machine. */
const HOOK = `#!/bin/sh
cd "\${0%/*}" && exec /usr/lib/caisson/apply-delta "$@"
`;
const HOOK_FILE = 'hook';

/** `full`: file name of the bundle for machines on which something else runs. */
export async function deltaPayload(
  { base, result, full }: { base: OpenBundle; result: OpenBundle; full: string },
  context: DeltaContext,
): Promise<Omit<BundleManifest, 'epoch' | 'verity'>> {
  const { target, signal, progress } = context;
  const { compatible, version, description, downgrade, rootHash } = result;
  const images: BundleFile[] = [];
  const slots: Record<string, { base: BundleFile; result: BundleFile }> = {};
  for (const each of result.images) {
    const earlier = base.images.find(({ content }) => content === each.content);
    if (earlier === undefined) throw new Error(`no ${each.content} to compare with`);
    const file = `${each.content}.delta`;
    const pair = { base: hostFile(base, earlier), result: hostFile(result, each) };
    await slotDelta(pair, path.join(target, file), {
      ...context,
      progress: (fraction, detail) => progress(fraction, `${each.content} ${detail}`),
    });
    slots[each.content] = { base: earlier, result: each };
    const { sha256, bytes } = await digestArtifact(path.join(target, file), { facts: {}, published: true }, signal);
    images.push({ content: each.content, file, sha256, bytes });
  }
  await writeFile(path.join(target, HOOK_FILE), HOOK, { mode: 0o755 });
  const selector = await newSelector({ base, result }, target);
  const delta = { from: base.version, full, hook: HOOK_FILE, slots };
  return { compatible, version, description, downgrade, rootHash, images, selector, delta };
}

function hostFile({ files }: OpenBundle, { file, ...digested }: BundleFile) {
  return { ...digested, path: path.join(files, file) };
}

/** Machines have the one that the earlier release brought. Their partitions hold a state too, so a new one comes whole. */
async function newSelector(
  { base, result }: { base: OpenBundle; result: OpenBundle },
  target: string,
): Promise<BundleFile | null> {
  const { selector } = result;
  if (selector === null) return null;
  const file = path.join(result.files, selector.file);
  if (base.selector !== null && (await areSame(path.join(base.files, base.selector.file), file))) return null;
  await copyFile(file, path.join(target, selector.file));
  return { content: 'selector', ...selector };
}

async function areSame(one: string, other: string): Promise<boolean> {
  return withFile(one, async a => withFile(other, async b => haveSameFiles(a, b)));
}
