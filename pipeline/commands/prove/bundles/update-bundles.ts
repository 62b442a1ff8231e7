/** What a proof must have to make bundles: the key that the definition names, and what a slot of the image holds. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Untried } from '../../../claims/claim.ts';
import type { DiskParts } from '../../../claims/disk-parts.ts';
import { findDocument } from '../../../config/places.ts';
import type { DiskImage } from '../../../disk/read.ts';
import { SigningFault } from '../../../engine/fault.ts';
import { openBundleSigner } from '../../../engine/signer.ts';
import type { OpenSigner } from '../../../engine/signer/types.ts';
import type { Declaration } from '../../../formats/declaration.ts';
import { withBundle } from '../../../plan/bundle.ts';
import type { CommandContext } from '../../context.ts';
import { makeUpdateFiles } from '../../keys/update.ts';
import { loadImage, type LoadedProject } from '../../build/prepare.ts';
import { makeBundles, type MadeBundles } from './bundles.ts';

export interface UpdateBundles {
  /** The copy that will be updated, open, and what stands where on it. */
  image: DiskImage;
  disk: DiskParts;
  declaration: Declaration;
  /** Host path of the tools tree. */
  tools: string;
  scratch: string;
}

/** Throws Untried where nobody could sign them. */
export async function updateBundles(
  context: CommandContext,
  { image, ...options }: UpdateBundles,
): Promise<MadeBundles> {
  const { environment, signal } = context;
  const { disk, declaration, tools } = options;
  const project = await definitionOf(context, declaration.image);
  const { contents, selector } = bundleOf(project);
  const scratch = path.join(options.scratch, 'bundles');
  await mkdir(scratch);
  const { epoch } = project.image;
  const signing = { environment, tools, signal, epoch };
  const own = await ownSigner(project, signing);
  try {
    const foreign = await foreignSigner(path.join(scratch, 'foreign'), signing);
    try {
      return await makeBundles(image, disk, {
        ...signing,
        scratch,
        compatible: declaration.updates?.compatible ?? '',
        version: declaration.version,
        contents,
        selector,
        partitions: partitionsOf([...contents, ...(selector === null ? [] : [selector])], { disk, declaration }),
        own: { signer: own, keyring: project.keyring ?? '' },
        foreign: { signer: foreign.signer, keyring: foreign.keyring },
      });
    } finally {
      await foreign.signer.close();
    }
  } finally {
    await own.close();
  }
}

async function definitionOf(context: CommandContext, name: string): Promise<LoadedProject> {
  if ((await findDocument(context, 'image', name)) === null)
    throw new Untried(`no key signs updates here: there is no pipeline/${name}.yaml`);
  return loadImage(context, { image: name, sets: [], formats: [], compress: 'none', bundle: false });
}

/** What stands in the bundle of a build. */
function bundleOf({ image, layout }: LoadedProject): { contents: string[]; selector: string | null } {
  const made = withBundle(image, layout);
  if ('message' in made) throw new Untried(made.message);
  const { contents = [], selector } = made.stages.find(step => step.stage === 'bundle')?.options ?? {};
  return { contents: contents as string[], selector: typeof selector === 'string' ? selector : null };
}

interface Signing {
  environment: CommandContext['environment'];
  tools: string;
  signal: AbortSignal;
  epoch: number;
}

async function ownSigner({ image, folder, keyring }: LoadedProject, signing: Signing): Promise<OpenSigner> {
  const key = image.updates?.signing ?? null;
  if (key === null || keyring === null) throw new Untried(`${image.name} names no key that signs updates`);
  return openBundleSigner(key, { ...signing, folder, keyring }).catch((error: unknown) => {
    throw error instanceof SigningFault ? new Untried(`nobody can sign an update here: ${error.message}`) : error;
  });
}

/** A key as good as ours, of the same names, which no image trusts. */
async function foreignSigner(folder: string, signing: Signing): Promise<{ signer: OpenSigner; keyring: string }> {
  await mkdir(folder, { mode: 0o700 });
  await makeUpdateFiles(folder, { tools: signing, name: 'Caisson' });
  const keyring = await readFile(path.join(folder, 'update-ca.crt'), 'utf8');
  const key = { key: 'update.key', certificate: 'update.crt', module: '', pinFile: '' };
  return { signer: await openBundleSigner(key, { ...signing, folder, keyring }), keyring };
}

function partitionsOf(
  contents: readonly string[],
  { disk, declaration }: Pick<UpdateBundles, 'disk' | 'declaration'>,
): Record<string, DiskParts['partitions'][number]> {
  return Object.fromEntries(
    contents.map(content => {
      const name = declaration.partitions.find(each => each.content === content && each.slot === 'A')?.name;
      const found = disk.partitions.find(each => each.name === name);
      if (found === undefined) throw new Untried(`the image has no partition for "${content}" of slot A`);
      return [content, found];
    }),
  );
}
