/** caisson provision: a copy of an image for one deployment, with a name, keys and ids of its own. */
import { formatSize, roundSize, type Bytes } from '../formats/bytes.ts';
import { drawFields } from '../report/fields.ts';
import { quoteShell } from '../report/errors.ts';
import { imageFile } from './image/file.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { keyDocument, keyTitle, readKeyFiles } from './deployment/keys.ts';
import { provisionFile, type ProvisionedCopy } from './deployment/provision-copy.ts';
import { toolsTree } from './tools-tree.ts';

export interface ProvisionOptions {
  /** A file, or the name of an image that was built. */
  image: string;
  /** Output folder of builds. */
  images: string;
  /** The file to make. */
  out: string;
  /** Null: the name of the file when that can be one, else that of the image. */
  hostname: string | null;
  sshKeys: readonly string[];
  generateKey: boolean;
  caKeys: readonly string[];
  dataSize: Bytes | null;
  logSize: Bytes | null;
}

export async function provision(context: CommandContext, options: ProvisionOptions): Promise<ExitCode> {
  const { sshKeys, caKeys, generateKey, ...wanted } = options;
  const image = await imageFile(options.image, options.images);
  const keys = { user: await readKeyFiles(sshKeys), authorities: await readKeyFiles(caKeys), generateKey };
  const tools = async (): Promise<string> => toolsTree(context, options.image);
  const copy = await provisionFile(context, { ...wanted, image, keys, tools, planted: new Map() });
  context.print(context.json ? `${JSON.stringify(documentOf(copy), null, 2)}\n` : describe(copy, context));
  return 0;
}

function documentOf(copy: ProvisionedCopy): Record<string, unknown> {
  const { userKeys, authorities, ...rest } = copy;
  return { ...rest, keys: userKeys.map(keyDocument), authorities: authorities.map(keyDocument) };
}

function describe(copy: ProvisionedCopy, { width, color }: Pick<CommandContext, 'width' | 'color'>): string {
  const { file, image, version, hostname, user, userKeys, authorities, privateKey } = copy;
  const titles = copy.partitions.filter(each => each.filesystemUuid !== null);
  const fields: [string, string][] = [
    ['file', `${file} (${copy.format}, ${roundSize(copy.bytes)}, a disk of ${roundSize(copy.size)})`],
    ['hostname', hostname],
    ['user', user ?? 'nobody: this image has no SSH'],
    ...userKeys.map((key): [string, string] => ['key', keyTitle(key)]),
    ...authorities.map((key): [string, string] => ['authority', `${keyTitle(key)}: whoever it certifies as ${user}`]),
    ['private key', privateKey ?? ''],
    ...titles.map((each): [string, string] => [each.name, formatSize(each.size)]),
    ['boot it', `caisson boot ${quoteShell([file])}`],
    ['log in', user === null ? '' : `caisson ssh ${quoteShell([file])}`],
  ];
  const lines = drawFields(fields, { width: width ?? 120, color });
  return `A copy of ${image} ${version} for one deployment:\n${lines.join('\n')}\n`;
}
