/** A copy of an image as a file for one deployment: everything that is checked before, and the names given at the end. */
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch, withCache } from '../../engine/cache.ts';
import type { ToolOptions } from '../../engine/tool-runner.ts';
import type { Bytes } from '../../formats/bytes.ts';
import { hostnameFault } from '../../formats/hostname.ts';
import type { PublicKey } from '../../formats/ssh-key.ts';
import type { Tree } from '../../tree/tree.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { makeCopy, type MadeCopy } from './copy.ts';
import { formatOf } from './disk.ts';
import { withDeploymentImage, type DeploymentImage } from './image.ts';
import { checkKeys, generateKeys, type KeyText } from './keys.ts';
import { mustBeNew, withPartFolder, type NewFile } from '../new-files.ts';
import { toolsTree } from '../tools-tree.ts';

/** What provisionCopy makes a copy from: texts in the place of files. */
export interface CopyOptions {
  /** Host path of the image. */
  image: string;
  out: string;
  hostname: string;
  authorizedKeys: string;
  caKeys: string;
  dataSize: Bytes | null;
  logSize: Bytes | null;
  /** What else stands on Data; empty, but where `prove` plays the attacker. */
  planted: Tree;
}

export interface ProvisionedCopy extends MadeCopy {
  file: string;
  /** Of the file. */
  bytes: Bytes;
  image: string;
  version: string;
  hostname: string;
  /** Who logs in; null for an image without SSH. */
  user: string | null;
  userKeys: PublicKey[];
  authorities: PublicKey[];
  /** The private key that was made with it. */
  privateKey: string | null;
}

/** As the command does it, for programs. Throws UsageFault for what the command refuses; texts may be empty. */
export async function provisionCopy(context: CommandContext, options: CopyOptions): Promise<ProvisionedCopy> {
  const { authorizedKeys, caKeys, ...wanted } = options;
  const texts = (name: string, text: string): KeyText[] => (text.trim() === '' ? [] : [{ name, text }]);
  const keys = {
    user: texts('authorized_keys', authorizedKeys),
    authorities: texts('trusted_user_ca_keys', caKeys),
    generateKey: false,
  };
  const tools = async (): Promise<string> => toolsTree(context, null);
  return provisionFile(context, { ...wanted, keys, tools });
}

export interface FileRequest extends Omit<CopyOptions, 'authorizedKeys' | 'caKeys' | 'hostname'> {
  hostname: string | null;
  keys: { user: KeyText[]; authorities: KeyText[]; generateKey: boolean };
  /** Host path of the tools tree. */
  tools: () => Promise<string>;
}

/** Checks what needs no program first, makes nothing before everything is checked. */
export async function provisionFile(context: CommandContext, request: FileRequest): Promise<ProvisionedCopy> {
  const { image, out, keys, hostname } = request;
  for (const target of [out, ...(keys.generateKey ? keyFiles(out) : [])]) await mustBeNew(target, image);
  formatOf(out, 'vhdx');
  if (hostname !== null) mustBeHostname(hostname);
  return withCache(context, async () => makeFile(context, request));
}

async function makeFile(context: CommandContext, request: FileRequest): Promise<ProvisionedCopy> {
  const { environment, signal, emit } = context;
  const { image: file, out, keys, hostname } = request;
  const tree = await request.tools();
  const work = await makeScratch(environment, 'provision');
  const tools: ToolOptions = { environment, signal, tools: tree, work, epoch: Math.floor(Date.now() / 1000) };
  try {
    return await withDeploymentImage(file, { environment, signal, emit, tools: tree, scratch: work }, async image => {
      const { declaration } = image;
      mustLetIn(image, keys);
      const name = hostname ?? nameFor(out, declaration.image);
      const authorities = await checkKeys(keys.authorities, tools);
      const given = await checkKeys(keys.user, tools);
      return withPartFolder(context, out, async ({ folder, publish }) => {
        const pair = keys.generateKey
          ? [await generateKeys(`${declaration.ssh?.user ?? ''}@${name}`, { ...tools, work: folder })]
          : [];
        const userKeys = [...given, ...(await checkKeys(pair, tools))];
        const seed = { hostname: name, userKeys, authorities };
        const target = path.join(folder, 'disk');
        const made = await makeCopy(context, image, { request: { ...request, seed, target }, tools });
        await publish([...(keys.generateKey ? keyPair(out) : []), { made: 'disk', target: out }]);
        const { image: built, version, ssh } = declaration;
        const { size: bytes } = await stat(out);
        return {
          file: out,
          bytes,
          image: built,
          version,
          hostname: name,
          user: ssh?.user ?? null,
          userKeys,
          authorities,
          privateKey: keys.generateKey ? keyFiles(out)[0] : null,
          ...made,
        };
      });
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export function mustBeHostname(name: string): void {
  const fault = hostnameFault(name);
  if (fault !== null)
    throw new UsageFault(`"${name}" is no host name: ${fault}`, 'take one as RFC 1123 has it, e.g. site-7.example.com');
}

/** Copies that are called differently have different names without being told. */
function nameFor(out: string, image: string): string {
  const name = path.parse(out).name.toLowerCase();
  return hostnameFault(name) === null ? name : image;
}

function mustLetIn({ file, declaration }: DeploymentImage, keys: FileRequest['keys']): void {
  const some = keys.generateKey || keys.user.length > 0 || keys.authorities.length > 0;
  if (declaration.ssh === null && some)
    throw new UsageFault(`${file} has no SSH that a key could open`, 'leave the keys out, or build an image with SSH');
  if (declaration.ssh !== null && !some)
    throw new UsageFault('nobody could log in', 'give --ssh-key, --generate-key or --ca-key');
}

function keyFiles(out: string): [string, string] {
  return [`${out}.key`, `${out}.key.pub`];
}

function keyPair(out: string): NewFile[] {
  const [secret, open] = keyFiles(out);
  return [
    { made: 'key', target: secret },
    { made: 'key.pub', target: open },
  ];
}
