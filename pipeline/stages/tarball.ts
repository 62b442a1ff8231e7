/** tarball: a root file system tree out of a tar of the project's own, pinned by its digest, instead of packages. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FormatFault } from '../formats/fault.ts';
import { readTar, writeTar } from '../tree/tar.ts';
import { ensureDirectory, parentOf, remove, type Tree } from '../tree/tree.ts';
import { HostPath, OptionFault, type BuildContext, type Stage } from './stage.ts';
import { installedPackages } from './tarball/installed.ts';

interface Options {
  file: string;
  sha256: string;
}

interface Resolved {
  file: HostPath;
  sha256: string;
}

/** Programs of the tools tree that unpack, by the first bytes of a file; each reads stdin and writes stdout. */
const UNPACKERS: readonly { magic: string; argv: readonly [string, ...string[]] }[] = [
  { magic: '1f8b', argv: ['gzip', '--decompress', '--stdout'] },
  { magic: 'fd377a585a00', argv: ['xz', '--decompress', '--stdout'] },
  { magic: '28b52ffd', argv: ['zstd', '--quiet', '--decompress', '--stdout'] },
];

export const tarball: Stage<Options, Resolved, never> = {
  name: 'tarball',
  version: 1,
  summary: 'a root file system from a tar of your own, instead of packages',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['file', 'sha256'],
    properties: {
      file: {
        type: 'string',
        'x-document': 'file',
        examples: ['rootfs.tar.gz'],
        description:
          'File of the project: a tar, as it is or compressed by gzip, xz or zstd, as `tar -C DIR .`, `docker export` and `mmdebstrap` write it.',
      },
      sha256: {
        type: 'string',
        pattern: '^[0-9a-f]{64}$',
        'x-allowed': 'a SHA-256 of 64 digits 0-9 and a-f, as sha256sum prints it',
        description: 'Digest of that file, as it lies there. Another file is a fault.',
      },
    },
  },
  inputs: {},
  tools: ['gzip', 'xz-utils', 'zstd'],
  publishes: () => null,

  resolve({ file: name, sha256 }, image) {
    const file = image.file(name);
    if (file.sha256 !== sha256)
      throw new OptionFault(
        'sha256',
        `"${name}" has the SHA-256 ${file.sha256}, not ${sha256}`,
        'when it is the file that you mean, write its SHA-256 here',
      );
    return { file: new HostPath(file.path), sha256 };
  },

  async build({ file, sha256 }, context) {
    await mustHave(sha256, file.value, context.signal);
    const tree = await readTar(await plainTar(file.value, context), context.signal);
    // Device nodes come from the kernel.
    remove(tree, '/dev/**');
    mustBeRoot(tree);
    leaveOutAttributes(tree, context);
    for (const each of tree.keys()) ensureDirectory(tree, parentOf(each));
    await writeTar(tree, context.out, context);
    return { packages: await installedPackages(tree) };
  },
};

/** The key was made of what the file was when the build began. */
async function mustHave(sha256: string, file: string, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash, { signal });
  if (hash.digest('hex') !== sha256) throw new FormatFault(`${file} was changed during the build`, 'build again');
}

/** Path of the unpacked tar: the file itself when nothing has compressed it. */
async function plainTar(file: string, { run, work }: BuildContext): Promise<string> {
  const first = await firstBytes(file, 6);
  const found = UNPACKERS.find(({ magic }) => first.startsWith(magic));
  if (found === undefined) return file;
  const [program, ...args] = found.argv;
  await run(program, args, { stdin: file, stdout: 'plain.tar' });
  return path.join(work, 'plain.tar');
}

/**
 * The reader has refused what is no tree. Setuid bits, owners, links to anywhere and attributes that are text are kept:
 * what of them reaches an image, the steps behind decide, as with packages.
 */
function mustBeRoot(tree: Tree): void {
  if (tree.size === 0) throw new FormatFault('the tar holds no files', 'make it anew, e.g. by tar -C DIR -cf FILE .');
  for (const [path, { type }] of tree)
    if (type === 'character-device' || type === 'block-device')
      throw new FormatFault(
        `${JSON.stringify(path)} is a device outside of /dev`,
        'leave it out of the tar: devices come from the kernel, in /dev',
      );
}

/** The reader takes attributes as text. Access control lists are not: Debian's systemd gives one to the journal's folder. */
function leaveOutAttributes(tree: Tree, { warn }: Pick<BuildContext, 'warn'>): void {
  const isText = ([, value]: readonly [string, string]): boolean => !value.includes('\uFFFD');
  const lost = [...tree].flatMap(([path, node]) =>
    Object.entries(node.xattrs).flatMap(each => (isText(each) ? [] : [`${each[0]} of ${path}`])),
  );
  for (const node of tree.values()) node.xattrs = Object.fromEntries(Object.entries(node.xattrs).filter(isText));
  const [first, ...others] = lost;
  if (first === undefined) return;
  warn(
    `${first}${others.length === 0 ? '' : ` and ${others.length} more attributes`} left out: no text`,
    'make the tar without such attributes, or set them at run time',
  );
}

async function firstBytes(file: string, count: number): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead).toString('hex');
  } finally {
    await handle.close();
  }
}
