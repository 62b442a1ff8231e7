/** A bundle that a build left: its manifest, and its images as files. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { digestArtifact } from '../../engine/digest.ts';
import { toolRunner, WORK, type ToolOptions } from '../../engine/tool-runner.ts';
import { readBundleSignature } from '../../formats/bundle-file.ts';
import { decodeBundleManifest, type ReadManifest } from '../../formats/bundle-manifest-read.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { ReadAt } from '../../formats/read-at.ts';
import { UsageFault } from '../context.ts';
import { withFile } from '../read-file.ts';

export interface OpenBundle extends ReadManifest {
  /** Host path of the bundle. */
  path: string;
  /** Host path of the folder with its files. */
  files: string;
}

/**
 * Takes it apart into `folder` of the scratch folder. Each file is as the manifest says. With a `keyring`, PEM text, the
 * manifest is one that machines trust; with null only one that was signed. Throws UsageFault for any other.
 */
export async function openBundle(
  file: string,
  { folder, keyring }: { folder: string; keyring: string | null },
  options: ToolOptions,
): Promise<OpenBundle> {
  return openAnyBundle(file, { folder, keyring }, { ...options, mustBeFull: true });
}

/** The same, of a bundle that holds the differences from another version. */
export async function openDelta(
  file: string,
  from: { folder: string; keyring: string | null },
  options: ToolOptions,
): Promise<OpenBundle> {
  return openAnyBundle(file, from, { ...options, mustBeFull: false });
}

async function openAnyBundle(
  file: string,
  { folder, keyring }: { folder: string; keyring: string | null },
  options: ToolOptions & { mustBeFull: boolean },
): Promise<OpenBundle> {
  try {
    const manifest = decodeBundleManifest(await readManifest(file, { folder, keyring }, options));
    if (options.mustBeFull && manifest.from !== null)
      throw new FormatFault(
        `it holds differences from ${manifest.from} only`,
        'name the full bundle of that release, without "-from-" in its name',
      );
    const files = await unpack(file, folder, options);
    for (const each of [...manifest.images, ...(manifest.selector === null ? [] : [manifest.selector])])
      await mustBeWhole(path.join(files, each.file), each.sha256, options);
    return { ...manifest, path: file, files };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    throw new UsageFault(`${file}: ${error.message}`, error.hint);
  }
}

/** Throws UsageFault where the machines of one would not take the other, or nothing differs. */
export function mustFollow(base: OpenBundle, result: OpenBundle): void {
  if (base.compatible !== result.compatible)
    throw new UsageFault(
      `${base.path} is for "${base.compatible}", and ${result.path} for "${result.compatible}"`,
      'name a bundle of an earlier release of the same image',
    );
  if (base.version === result.version)
    throw new UsageFault(
      `both bundles are of version ${base.version}`,
      'name the bundle of the release that runs on the machines',
    );
  const contents = base.images.map(each => each.content);
  const missing = result.images.find(each => !contents.includes(each.content));
  if (missing !== undefined)
    throw new UsageFault(
      `${base.path} has no "${missing.content}" to compare with: the layout has changed since`,
      'give machines the full bundle',
    );
}

async function readManifest(
  file: string,
  { folder, keyring }: { folder: string; keyring: string | null },
  options: ToolOptions,
): Promise<string> {
  const { work, epoch, signal } = options;
  const name = (what: string): string => `${folder}.${what}`;
  await writeFile(path.join(work, name('cms')), await signatureOf(file));
  await writeFile(path.join(work, name('pem')), keyring ?? '');
  const trust =
    keyring === null
      ? ['-noverify']
      : ['-CAfile', `${WORK}/${name('pem')}`, '-purpose', 'codesign', '-attime', String(epoch)];
  const files = ['-in', `${WORK}/${name('cms')}`, '-out', `${WORK}/${name('raucm')}`];
  const run = toolRunner(options, { binds: [], log: null });
  await run('openssl', ['cms', '-verify', '-binary', '-inform', 'DER', ...files, ...trust]).catch(() => {
    signal.throwIfAborted();
    throw keyring === null
      ? new FormatFault('its signature is damaged', 'copy the file again')
      : new FormatFault('its signature is not one that the keyring trusts', 'build it again');
  });
  return readFile(path.join(work, name('raucm')), 'utf8');
}

async function signatureOf(file: string): Promise<Uint8Array> {
  return withFile(file, async (read, size) => {
    // The signature is looked for at the end, which of a short file is before its beginning.
    const within: ReadAt = async (offset, length) => (offset < 0 ? new Uint8Array() : read(offset, length));
    return readBundleSignature(within, size);
  });
}

async function unpack(file: string, folder: string, options: ToolOptions): Promise<string> {
  const inside = '/mnt/inputs/bundle';
  const binds = [{ host: path.resolve(file), inside, writable: false }];
  const run = toolRunner(options, { binds, log: null });
  await run('unsquashfs', ['-quiet', '-no-progress', '-no-xattrs', '-dest', `${WORK}/${folder}`, inside]).catch(() => {
    options.signal.throwIfAborted();
    throw new FormatFault('its squashfs is damaged', 'copy the file again');
  });
  return path.join(options.work, folder);
}

async function mustBeWhole(file: string, sha256: string, { signal }: ToolOptions): Promise<void> {
  const isFile = (await stat(file).catch(() => null))?.isFile() === true;
  const found = isFile ? await digestArtifact(file, { facts: {}, published: true }, signal) : null;
  if (found?.sha256 !== sha256)
    throw new FormatFault(`its ${path.basename(file)} is not what the manifest says`, 'copy the file again');
}
