/** Everything of a release but the image itself, into the folder that has that. */
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from '../../engine/fault.ts';
import { digestFile } from '../../engine/digest.ts';
import type { Bytes } from '../../formats/bytes.ts';
import { provenanceStatement, ROOT_HASH, type Material, type Subject } from '../../formats/provenance.ts';
import { encodeSums, type ReleaseFiles } from '../../formats/release-files.ts';
import type { CommandContext } from '../context.ts';
import type { Prepared } from '../build/prepare.ts';
import type { ReleaseOptions } from './options.ts';
import { earlierMaterials } from './earlier.ts';
import { signedStatement, type SignBytes } from './attest.ts';
import { contentDocuments, type DocumentOptions } from './documents.ts';
import { releaseMaterials } from './materials.ts';

export interface FillOptions extends Pick<
  ReleaseOptions,
  'sets' | 'formats' | 'compress' | 'builder' | 'caisson' | 'offline' | 'mirrors'
> {
  prepared: Prepared;
  /** As build.json of the release says it. */
  record: Record<string, unknown>;
  /** Host path. */
  lock: string;
  /** Name of an artifact, a disk that is read here. */
  disk: string;
  names: ReleaseFiles;
  /** Names of the bundles of differences that are there, and host paths of the earlier ones that they lead from. */
  deltas: readonly string[];
  earlier: readonly string[];
  /** Of before the first step. */
  materials: readonly Material[];
  sign: SignBytes;
  keyid: string;
}

export interface ReleasedFile {
  name: string;
  bytes: Bytes;
  sha256: string;
}

/** Returns all files of the folder, with those that were there, by name. */
export async function fillRelease(
  context: CommandContext,
  folder: string,
  options: FillOptions,
): Promise<ReleasedFile[]> {
  const { prepared, record, lock, names, disk, deltas, sign, keyid, caisson, offline, mirrors } = options;
  const artifacts = record.artifacts as { path: string; bytes: Bytes; sha256: string }[];
  const files = artifacts.map(({ path: name, bytes, sha256 }): ReleasedFile => ({ name, bytes, sha256 }));
  const digest = async (name: string): Promise<void> =>
    void files.push({ name, ...(await digestFile(path.join(folder, name), context.signal)) });
  const add = async (name: string, content: string | Uint8Array): Promise<void> => {
    await writeFile(path.join(folder, name), content);
    await digest(name);
  };
  for (const name of deltas) await digest(name);
  await add(names.record, `${JSON.stringify(record, null, 2)}\n`);
  await copyFile(lock, path.join(folder, names.lock));
  await digest(names.lock);
  const packages = record.packages as DocumentOptions['packages'];
  const about = { prepared, packages, names, caisson, offline, mirrors, disk: path.join(folder, disk) };
  for (const [name, text] of await contentDocuments(context, about)) await add(name, text);
  const statement = await statementOf(context, options, files);
  await add(names.provenance, await signedStatement(statement, { sign, keyid }));
  const sums = encodeSums(files);
  await add(names.sums, sums);
  await add(names.signature, await sign(Buffer.from(sums)));
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function statementOf(
  context: CommandContext,
  { prepared, record, lock, earlier, materials, sets, formats, compress, builder, caisson }: FillOptions,
  files: readonly ReleasedFile[],
): Promise<string> {
  const { name: image, version } = prepared.plan.image;
  const { rootHash } = record;
  const root: Subject[] = typeof rootHash === 'string' ? [{ name: ROOT_HASH, sha256: rootHash }] : [];
  return provenanceStatement({
    subjects: [...files.map(({ name, sha256 }) => ({ name, sha256 })), ...root],
    externalParameters: { image, version, sets: [...sets], formats: [...formats], compress },
    resolvedDependencies: [
      ...(await unchanged(context, { prepared, lock, materials })),
      ...(await earlierMaterials(earlier, context.signal)),
    ],
    builder,
    caisson,
  });
}

/** The materials, if they are still what they were: else nobody knows which of the two the image is made of. */
async function unchanged(
  context: CommandContext,
  { prepared, lock, materials }: Pick<FillOptions, 'prepared' | 'lock' | 'materials'>,
): Promise<readonly Material[]> {
  // What there is to warn of was told the first time.
  const now = await releaseMaterials({ ...context, emit: () => undefined }, prepared, lock);
  const [other] = materials.filter((each, index) => JSON.stringify(each) !== JSON.stringify(now[index]));
  if (other === undefined && now.length === materials.length) return materials;
  throw new BuildFault(`${other?.name ?? 'a material'} changed while the release was made of it`, 'release again');
}
