/** The files of a bundle that holds differences, and what its manifest says of them. */
import { copyFile, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { digestArtifact } from '../../engine/digest.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { BundleFile, BundleManifest } from '../../formats/bundle-manifest.ts';
import type { BuildContext } from '../../stages/stage.ts';
import type { OpenBundle } from './open-bundle.ts';
import { haveSameFiles } from './selector-files.ts';
import { slotDelta } from './slot-delta.ts';

export interface DeltaContext extends Pick<BuildContext, 'run' | 'signal' | 'progress'> {
  /** Host path of the folder for the files. */
  target: string;
  /** Host path of the scratch folder of `run`. */
  work: string;
}

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
  if (base.selector !== null && (await sameSelector(path.join(base.files, base.selector.file), file))) return null;
  await copyFile(file, path.join(target, selector.file));
  return { content: 'selector', ...selector };
}

async function sameSelector(...files: [string, string]): Promise<boolean> {
  const handles = [await open(files[0], 'r'), await open(files[1], 'r')] as const;
  const [one, other] = handles.map(handle => async (offset: Bytes, length: Bytes): Promise<Uint8Array> => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  });
  try {
    return one !== undefined && other !== undefined && (await haveSameFiles(one, other));
  } finally {
    for (const handle of handles) await handle.close();
  }
}
