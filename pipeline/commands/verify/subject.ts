/** A release under verification, and what is read of its disk: once, when the first check asks. */
import path from 'node:path';
import { inspectImage } from '../../disk/inspect.ts';
import { withImage, type DiskImage } from '../../disk/read.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { ImageContents } from '../../formats/image-contents.ts';
import type { Inspection } from '../../formats/inspection.ts';
import { decodeEnvelope } from '../../formats/dsse.ts';
import { decodeStatement, type Provenance } from '../../formats/provenance.ts';
import type { CommandContext } from '../context.ts';
import { readImageContents } from '../image/contents.ts';
import { openPartitionFiles } from '../image/partition-files.ts';
import { mustBeFile, releaseText, type ReleaseFolder } from './release-folder.ts';
import type { Trust } from './trust.ts';

export interface Subject {
  context: CommandContext;
  release: ReleaseFolder;
  trust: Trust;
  /** Host path of the tools tree. */
  tools: string;
  /** Host folder; its maker removes it. */
  scratch: string;
  /** Host paths of the disks of the release that are read here, the one that is looked into first. */
  disks: readonly string[];
  /** Throws FormatFault for a release without a disk that is read here, and for one that is damaged. */
  inspection: () => Promise<Inspection>;
  contents: () => Promise<ImageContents>;
  /** What the provenance says, whoever signed it. */
  provenance: () => Promise<Provenance>;
}

/** Of a release of which nothing but its files is known. */
export type DocumentSubject = Pick<Subject, 'context' | 'trust'> & {
  release: Pick<ReleaseFolder, 'names' | 'found' | 'at'>;
};

export function subjectOf(parts: Pick<Subject, 'context' | 'release' | 'trust' | 'tools' | 'scratch'>): Subject {
  const { context, release, tools } = parts;
  const names = release.record.artifacts.map(each => path.basename(each.path));
  const disks = ['vhdx', 'raw', 'vhd'].flatMap(kind =>
    names.filter(name => name.endsWith(`.${kind}`) && release.found.includes(name)).map(release.at),
  );
  return {
    ...parts,
    disks,
    inspection: once(async () => {
      const file = await diskOf(disks);
      return withImage(file, async image => inspected(image, parts, file));
    }),
    contents: once(async () => readImageContents(context, { file: await diskOf(disks), tools })),
    provenance: once(async () => {
      const { payload } = decodeEnvelope(await releaseText(release.at(release.names.provenance)));
      return decodeStatement(payload.toString('utf8'));
    }),
  };
}

/** Throws FormatFault where there is none, and for one that is no file. */
export async function diskOf([first]: readonly string[]): Promise<string> {
  if (first === undefined) throw noDisk();
  await mustBeFile(first);
  return first;
}

function noDisk(): FormatFault {
  return new FormatFault('the release has no VHDX, raw disk or VHD', 'convert another format first, and look at that');
}

async function inspected(
  image: DiskImage,
  { context, tools, scratch }: Pick<Subject, 'context' | 'tools' | 'scratch'>,
  file: string,
): Promise<Inspection> {
  const { environment, signal } = context;
  const options = { file, filesystem: 'vfat', tools, environment, scratch, signal } as const;
  return inspectImage(image, { scratch, open: async each => openPartitionFiles(image, each, options) });
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return async () => (answer ??= work());
}
