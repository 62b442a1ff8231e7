/** Who can log in to an image, by what it declares and by the seed that its Data partition carries. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch } from '../../engine/cache.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { GptPartition } from '../../formats/gpt.ts';
import { decodePublicKeys, type PublicKey } from '../../formats/ssh-key.ts';
import { plainText } from '../../report/text.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { readDeclaration, type OpenImage, type ReadingOptions } from '../image/declaration.ts';
import { contentOf, withTable, type ImagePlace } from '../image/place.ts';
import { openPartitionFiles } from '../image/partition-files.ts';
import { toolsTree } from '../tools-tree.ts';

export interface Keys {
  keys: readonly PublicKey[];
  /** Whoever has a certificate of one of these. */
  authorities: readonly PublicKey[];
  /** Lines that are no key which is known here; the guest may take them. */
  unknown: number;
}

export interface Logins extends Keys {
  /** Null when the image declares no SSH. */
  user: string | null;
}

type Image = Pick<ImagePlace, 'image' | 'out'>;

const SEED = '/.caisson/seed';
const NO_KEYS: Keys = { keys: [], authorities: [], unknown: 0 };

/** Null for an image that declares nothing that can be read: a boot shows soon enough what it is. */
export async function whoCanLogIn(context: CommandContext, image: Image): Promise<Logins | null> {
  return withReading(context, image, async (opened, options) => {
    const declaration = await readDeclaration(opened, options);
    const data = declaration.overlays?.content;
    const named = declaration.partitions.find(each => each.content === data && each.slot === null)?.name;
    const partition = opened.partitions.find(each => each.name === named);
    const user = declaration.ssh?.user ?? null;
    if (user === null || partition === undefined) return { user, ...NO_KEYS };
    return { user, ...(await keysIn(opened, { partition, folder: SEED, options })) };
  });
}

/** The keys of a seed disk: its first partition has the files of a seed at its root. Of one made otherwise: unknown. */
export async function keysOfSeedDisk(context: CommandContext, file: string): Promise<Keys> {
  const image = { image: path.resolve(file), out: '' };
  const keys = await withReading(context, image, async (opened, options) => {
    const [partition] = opened.partitions;
    return partition === undefined ? null : keysIn(opened, { partition, folder: '', options });
  });
  return keys ?? { ...NO_KEYS, unknown: 1 };
}

/** One line for the user: who, with what. */
export function loginLine(logins: Logins | null): string {
  if (logins === null) return 'It does not declare who can log in.';
  const { user, keys, authorities, unknown } = logins;
  if (user === null) return 'Nobody can log in: the image declares no SSH.';
  const ways = [
    ...keys.map(key => `the key ${titleOf(key)}`),
    ...authorities.map(key => `a certificate of ${titleOf(key)}`),
    ...(unknown === 0 ? [] : ['keys that are not known here']),
  ];
  return ways.length === 0
    ? 'Nobody can log in: caisson provision makes a copy with a key.'
    : `${plainText(user)} can log in with ${ways.join(', or ')}.`;
}

function titleOf({ fingerprint, comment }: PublicKey): string {
  return plainText(comment === '' ? fingerprint : `${fingerprint} (${comment})`);
}

/** Null where the image is not what its reader needs. */
async function withReading<T>(
  context: CommandContext,
  image: Image,
  use: (opened: OpenImage, options: ReadingOptions) => Promise<T>,
): Promise<T | null> {
  const { environment, signal } = context;
  // What is wrong with the image is not this command's to tell.
  const emit = (): void => undefined;
  const tools = await toolsTree(context, image.image);
  const scratch = await makeScratch(environment, 'logins');
  try {
    return await withTable({ emit }, image, async opened => use(opened, { environment, signal, emit, tools, scratch }));
  } catch (error) {
    if (error instanceof UsageFault || error instanceof FormatFault) return null;
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function keysIn(
  { file, image }: OpenImage,
  { partition, folder, options }: { partition: GptPartition; folder: string; options: ReadingOptions },
): Promise<Keys> {
  const content = await contentOf(image, partition);
  if (content instanceof FormatFault || typeof content === 'string') return NO_KEYS;
  const files = await openPartitionFiles(image, partition, { ...options, file, filesystem: content.type });
  const read = async (name: string): Promise<ReturnType<typeof lenientKeys>> => {
    const copy = path.join(options.scratch, name);
    try {
      await files.extract(`${folder}/${name}`, copy);
      return lenientKeys(await readFile(copy, 'utf8'));
    } catch (error) {
      if (error instanceof UsageFault) return { keys: [], unknown: 0 };
      throw error;
    }
  };
  const [users, authorities] = [await read('authorized_keys'), await read('trusted_user_ca_keys')];
  return { keys: users.keys, authorities: authorities.keys, unknown: users.unknown + authorities.unknown };
}

/** Keys of a file that somebody may have written by hand, with what sshd takes and we do not make. */
export function lenientKeys(text: string): { keys: PublicKey[]; unknown: number } {
  const lines = text.split('\n').filter(line => !/^\s*(#.*)?$/.test(line));
  const keys = lines.flatMap(line => {
    try {
      return decodePublicKeys(line, 'seed');
    } catch (error) {
      if (error instanceof FormatFault) return [];
      throw error;
    }
  });
  return { keys, unknown: lines.length - keys.length };
}
