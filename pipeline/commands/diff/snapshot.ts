/** Reads one of the two: by its own bytes what it holds, by the record beside it which packages were installed. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DECLARATION_PATH, type Declaration } from '../../formats/declaration.ts';
import { decodeDeclaration } from '../../formats/declaration-read.ts';
import type { ImageSnapshot, Snapshot } from '../../formats/difference.ts';
import { COMPARED_TEXTS } from '../../formats/difference/texts.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { ImageContents } from '../../formats/image-contents.ts';
import { releaseFiles } from '../../formats/release-files.ts';
import { withImageContents, type RootText } from '../image/contents.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { buildRecordIn, type RecordOfBuild } from './record.ts';
import type { Target } from './target.ts';

/** `tools` is the host path of the tools tree. Throws UsageFault for an image that cannot be read. */
export async function readImageSnapshot(
  context: CommandContext,
  { name, file, folder }: Extract<Target, { kind: 'image' }>,
  tools: string,
): Promise<Snapshot> {
  try {
    return await withImageContents(context, { file, tools }, async (contents, textOf) => {
      mustHaveRoot(contents, name);
      const record = await buildRecordIn(folder);
      const image = await imageSnapshot(contents, textOf, await configBeside(folder, record));
      return { name, packages: packagesOf(record, { name, contents }), image };
    });
  } catch (error) {
    if (error instanceof FormatFault) throw new UsageFault(`${name}: ${error.message}`, error.hint);
    throw error;
  }
}

function mustHaveRoot({ root, inspection }: ImageContents, name: string): void {
  if (root !== null) return;
  const [fault] = inspection.faults;
  throw new UsageFault(
    fault === undefined ? `${name} has no root file system` : `${name} cannot be read: ${fault}`,
    'caisson inspect shows what stands in it',
  );
}

async function imageSnapshot(contents: ImageContents, textOf: RootText, config: string | null): Promise<ImageSnapshot> {
  const texts = new Map<string, string>();
  for (const file of Object.values(COMPARED_TEXTS)) {
    const text = await textOf(file);
    if (text !== null) texts.set(file, text);
  }
  const release = contents.kernel?.release ?? '';
  return {
    contents,
    declaration: declarationOf(await textOf(DECLARATION_PATH)),
    texts,
    kernelConfig: config ?? (release === '' ? null : await textOf(`/boot/config-${release}`)),
  };
}

/** One of another format is none: what it would say here is in files too. */
function declarationOf(text: string | null): Declaration | null {
  try {
    return text === null ? null : decodeDeclaration(text);
  } catch (error) {
    if (error instanceof FormatFault) return null;
    throw error;
  }
}

/** A release has it, a build has not. */
async function configBeside(folder: string, record: RecordOfBuild | null): Promise<string | null> {
  if (record === null) return null;
  const { kernelConfig } = releaseFiles(record.image, '');
  return readFile(path.join(folder, kernelConfig), 'utf8').catch(() => null);
}

/** Only a record of the same root is believed. */
function packagesOf(
  record: RecordOfBuild | null,
  { name, contents }: { name: string; contents: ImageContents },
): Snapshot['packages'] {
  if (record === null) return `no build.json beside ${name}`;
  const rootHash = contents.root?.rootHash ?? null;
  return record.rootHash === rootHash ? record.packages : `build.json beside ${name} is of another build`;
}
