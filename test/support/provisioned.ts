/** What tests of copies and seed disks share: a folder, keys in it, and other programs that read what is there. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { SharedBuilds } from '../system/set-up.ts';
import { caisson, inTree, PROJECT, type CliResult } from './caisson.ts';

export interface Workplace {
  folder: string;
  at: (name: string) => string;
  /** A program of the tools tree; the folder is /mnt/work to it, the output folder of the build /mnt/image. */
  run: (...argv: string[]) => Promise<string>;
  cli: (...args: string[]) => Promise<CliResult>;
  /** A public key without the line's end, as outputs of programs come. */
  key: (name: string) => Promise<string>;
}

export function workplace({ own, tools, scratch }: SharedBuilds, name: string): Workplace {
  const folder = path.join(scratch, name);
  const at = (file: string): string => path.join(folder, file);
  const binds = [{ host: own.out, inside: '/mnt/image', writable: false }];
  return {
    folder,
    at,
    run: async (...argv) => inTree(tools, folder, argv, { binds }),
    cli: async (...args) => caisson(args, { cwd: PROJECT, cache: own.cache }),
    key: async each => (await readFile(at(`${each}.pub`), 'utf8')).trimEnd(),
  };
}

/** Pairs of the names given, and one of RSA with 3072 bits: `bosun`. */
export async function makeKeys({ folder, run }: Workplace, names: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const make = async (name: string, ...type: string[]): Promise<string> =>
    run('ssh-keygen', '-q', '-N', '', '-C', `${name}@reef`, '-f', `/mnt/work/${name}`, '-t', ...type);
  for (const name of names) await make(name, 'ed25519');
  await make('bosun', 'rsa', '-b', '3072');
}

export async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The table as sfdisk reads it off a raw disk, in bytes. */
export async function tableOf({ run }: Pick<Workplace, 'run'>, file: string) {
  const { partitiontable } = JSON.parse(await run('sfdisk', '--json', file)) as {
    partitiontable: {
      id: string;
      partitions: { name: string; start: number; size: number; type: string; uuid: string; attrs?: string }[];
    };
  };
  return {
    id: partitiontable.id.toLowerCase(),
    partitions: partitiontable.partitions.map(each => ({
      ...each,
      start: each.start * 512,
      size: each.size * 512,
      uuid: each.uuid.toLowerCase(),
      node: '',
    })),
  };
}
