/** Documents of a release about what is in the image: its SBOM, its files, the configuration of its kernel. */
import type { ReleaseFiles } from '../../formats/release-files.ts';
import type { CommandContext } from '../context.ts';
import { readImageContents } from '../image/contents.ts';
import type { Prepared } from '../build/prepare.ts';
import { releaseDocuments, type DocumentsInput } from './sbom.ts';

export interface DocumentOptions extends Pick<DocumentsInput, 'caisson' | 'offline' | 'mirrors'> {
  prepared: Prepared;
  /** Host path of a disk of the image. */
  disk: string;
  /** By manifest: what was installed. */
  packages: Record<string, { name: string; version: string }[]>;
  names: ReleaseFiles;
}

/** Names and texts. The image is read as whoever gets it would read it. */
export async function contentDocuments(
  context: CommandContext,
  { disk, names, ...options }: DocumentOptions,
): Promise<Map<string, string>> {
  const contents = await readImageContents(context, { file: disk, tools: options.prepared.tools });
  const { sbom, mtree, kernelConfig } = await releaseDocuments(context, { ...options, contents });
  return new Map([
    [names.sbom, sbom],
    [names.mtree, mtree],
    ...(kernelConfig === null ? [] : [[names.kernelConfig, kernelConfig] as const]),
  ]);
}
