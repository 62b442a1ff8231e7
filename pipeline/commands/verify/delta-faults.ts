/** A bundle of differences is one of this release: machines with its base take it, and get what the full one brings. */
import { rm } from 'node:fs/promises';
import type { ToolOptions } from '../../engine/tool-runner.ts';
import type { ReadManifest } from '../../formats/bundle-manifest-read.ts';
import { openDelta } from '../bundle/open-bundle.ts';
import { UsageFault } from '../context.ts';
import { mustBeFile, type ReleaseFolder } from './release-folder.ts';

interface DeltaOptions {
  release: ReleaseFolder;
  full: ReadManifest;
  /** PEM text: of the image. */
  keyring: string;
  options: ToolOptions;
}

/** What the differences make on a machine is not computed: its base is not in the release. */
export async function deltaFaults(name: string, { release, full, keyring, options }: DeltaOptions): Promise<string[]> {
  await mustBeFile(release.at(name));
  try {
    const delta = await openDelta(release.at(name), { folder: 'delta', keyring }, options);
    await rm(delta.files, { recursive: true, force: true });
    return manifestFaults(name, delta, { full, image: release.image });
  } catch (error) {
    if (error instanceof UsageFault) return [error.message];
    throw error;
  }
}

/** `full`: of the bundle that brings the same whole. */
export function manifestFaults(
  name: string,
  delta: ReadManifest,
  { full, image }: { full: ReadManifest; image: string },
): string[] {
  const faults = (['version', 'compatible', 'rootHash'] as const).flatMap(key =>
    delta[key] === full[key] ? [] : [`${name}: its ${LABELS[key]} is "${delta[key]}", not "${full[key]}"`],
  );
  if (delta.from === null) return [...faults, `${name} is no bundle of differences`];
  const expected = `${image}-${full.version}-from-${delta.from}.raucb`;
  return name === expected ? faults : [...faults, `${name} holds the differences from ${delta.from}`];
}

const LABELS = { version: 'version', compatible: 'compatible', rootHash: 'root hash' } as const;
