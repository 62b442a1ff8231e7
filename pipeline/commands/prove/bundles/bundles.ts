/** Bundles that a proof tries on machines, made of the image itself, on a disk that a machine can mount. */
import { copyFile, mkdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { DiskParts } from '../../../claims/disk-parts.ts';
import type { BundleName } from '../../../claims/updates.ts';
import type { DiskImage } from '../../../disk/read.ts';
import type { DiskFile } from '../../../engine/machine/guest-machine.ts';
import { stageSigner } from '../../../engine/context.ts';
import type { Signer } from '../../../engine/signer/types.ts';
import { toolContext, toolRunner, WORK, type ToolOptions } from '../../../engine/tool-runner.ts';
import type { Bytes } from '../../../formats/bytes.ts';
import { bundle } from '../../../stages/bundle.ts';
import type { Artifact } from '../../../stages/stage.ts';
import { copiesOf, damagedRoot, denseFile, largerThan, otherSelector, turnBit, type SlotPartition } from './payload.ts';

/** A key, and the PEM text of the certificates that trust it. */
export interface TrustedSigner {
  signer: Signer;
  keyring: string;
}

export interface BundleMaking extends Omit<ToolOptions, 'work'> {
  /** Host path of an empty folder. */
  scratch: string;
  compatible: string;
  version: string;
  /** Contents of a slot, the root first. */
  contents: readonly string[];
  /** Content of the partitions with the selector; null for none. */
  selector: string | null;
  /** Those of slot A, by content; that of the selector too. */
  partitions: Readonly<Record<string, SlotPartition>>;
  /** The key that the image trusts, and one that it does not. */
  own: TrustedSigner;
  foreign: TrustedSigner;
}

/** Much smaller than a root: for those that must be refused before anything is written. */
const SMALL: Bytes = 2 ** 18;
const FOLDER = 'bundles';

export interface MadeBundles {
  /** A file system without partition table, with BUNDLES. */
  disk: DiskFile;
  /** Host path of the folder with the same. */
  folder: string;
}

/** Throws ProcessFailure. */
export async function makeBundles(image: DiskImage, disk: DiskParts, making: BundleMaking): Promise<MadeBundles> {
  const { scratch, contents, selector, version, compatible, partitions, own, foreign } = making;
  await mkdir(path.join(scratch, FOLDER), { recursive: true });
  const [root = '', second = root] = contents;
  const whole = await copiesOf(image, partitions, making);
  const slot = Object.fromEntries(contents.map(content => [content, whole[content] ?? '']));
  const dense = await denseFile(scratch, SMALL);
  const small = Object.fromEntries(contents.map(content => [content, dense]));
  const make = async (name: BundleName, recipe: Partial<Recipe>): Promise<string> =>
    makeBundle(name, { images: small, selector: null, version, compatible, signed: own, ...recipe }, making);
  await make('good', {
    images: slot,
    selector: selector === null ? null : { content: selector, file: await otherSelector(whole[selector] ?? '') },
  });
  await make('damaged', { images: { ...slot, [root]: await damagedRoot(whole[root] ?? '', disk) } });
  await make('other-key', { signed: foreign });
  await make('other-compatible', { compatible: `${compatible}-other` });
  await make('lower', { version: '0' });
  const larger = await largerThan(partitions[second] ?? { name: second, start: 0, end: 0 }, scratch);
  await make('too-large', { images: { ...small, [second]: larger } });
  const altered = await make('altered', {});
  const truncated = path.join(scratch, FOLDER, 'truncated.raucb');
  await copyFile(altered, truncated);
  await truncate(truncated, (await stat(altered)).size - 4096);
  await turnBit(altered, SMALL / 2);
  return { disk: await packed(making), folder: path.join(scratch, FOLDER) };
}

interface Recipe {
  /** Host path of the file of each content, in the order of installation. */
  images: Readonly<Record<string, string>>;
  selector: { content: string; file: string } | null;
  version: string;
  compatible: string;
  signed: TrustedSigner;
}

/** Made as a build makes it. Gives its host path. */
async function makeBundle(
  name: BundleName,
  { images, selector, version, compatible, signed }: Recipe,
  { scratch, ...options }: BundleMaking,
): Promise<string> {
  const { environment, tools, epoch, signal } = options;
  const work = path.join(scratch, `making-${name}`);
  await mkdir(work);
  const files = { ...images, ...(selector === null ? {} : { [selector.content]: selector.file }) };
  const inputs: Record<string, Artifact> = {};
  for (const [content, file] of Object.entries(files)) inputs[content] = await artifactOf(content, file);
  const context = toolContext({ environment, tools, work, epoch, signal }, { name: 'bundle', inputs });
  const resolved = {
    file: '',
    compatible,
    version,
    summary: 'made by caisson prove',
    downgrade: 'refuse' as const,
    keyring: signed.keyring,
    seed: name,
    contents: Object.keys(images),
    selector: selector?.content ?? '',
  };
  await bundle.build(resolved, { ...context, signer: stageSigner(signed.signer, { work, epoch }) });
  const target = path.join(scratch, FOLDER, `${name}.raucb`);
  await copyFile(context.out, target);
  return target;
}

/** Nothing of it enters a key. */
async function artifactOf(id: string, file: string): Promise<Artifact> {
  return { id, key: '', sha256: '', bytes: (await stat(file)).size, path: file, facts: {}, inputs: {} };
}

async function packed({ scratch, environment, tools, epoch, signal }: BundleMaking): Promise<DiskFile> {
  const run = toolRunner({ environment, tools, work: scratch, epoch, signal }, { binds: [], log: null });
  await run('mkfs.erofs', ['--quiet', '--all-root', `-T${epoch}`, `${WORK}/bundles.img`, `${WORK}/${FOLDER}`]);
  return { path: path.join(scratch, 'bundles.img'), format: 'raw', logicalSectorSize: 512 };
}
