/**
 * Digests of all files of a partition, unpacked and read inside the sandbox: their names never reach the host's calls,
 * and whatever they lead to is read-only there, but for one folder.
 */
import { rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { Bytes } from '../../formats/bytes.ts';
import { decodeLatin1 } from '../../formats/inode.ts';
import { fixedEnvironment, type Environment } from '../environment.ts';
import { codeOf } from '../files.ts';
import { runProcess } from '../run.ts';
import { sandboxArgv } from '../sandbox.ts';

/** What came out of a partition. */
export interface UnpackedFile {
  bytes: Bytes;
  /** Hexadecimal. */
  sha256: string;
}

/** Where the folder stands inside the sandbox: one of the host's, or one of its own tmpfs. */
export const UNPACKED = '/mnt/unpacked';
export const IN_MEMORY = '/tmp/unpacked';

/** A tmpfs takes a tenth of the time of a disk that others write to as well; a root of gigabytes is no matter for it. */
export function mostInMemory(): Bytes {
  return Math.min(2 ** 29, totalmem() / 8);
}

/**
 * Script of a shell that runs its arguments, which unpack into INSIDE/files, and prints records that end with NUL:
 * `LENGTH ./PATH`, an empty one, `DIGEST  ./PATH`. What the program says goes to stderr only when it fails.
 */
export function digestScript(ends: readonly number[], inside: string): string {
  return `mkdir -p ${inside}/files || exit
"$@" > ${inside}/log 2>&1
code=$?
cd ${inside}/files && chmod -R u+rwX . || exit
case $code in ${ends.join('|')}) ;; *) tail -n 1 ${inside}/log >&2; exit $code;; esac
find . -type f -printf '%s %p\\0' && printf '\\0' && find . -type f -print0 | xargs -0 -r sha256sum -z`;
}

/** What the script printed -> files by path; null when it printed something else, and for two of one name. */
export function parseUnpacked(text: string): Map<string, UnpackedFile> | null {
  const records = text.split('\0');
  const middle = records.indexOf('');
  const lengths = new Map<string, Bytes>();
  for (const record of records.slice(0, middle)) {
    const [, bytes, name = ''] = /^(\d+) \.(\/.*)$/s.exec(record) ?? [];
    if (bytes === undefined) return null;
    lengths.set(name, Number(bytes));
  }
  const found = new Map<string, UnpackedFile>();
  for (const record of records.slice(middle + 1, -1)) {
    const [, sha256, name = ''] = /^([0-9a-f]{64}) [ *]\.(\/.*)$/s.exec(record) ?? [];
    const bytes = lengths.get(name);
    const path = decodeLatin1(name);
    // Names that differ in bytes which are no UTF-8 are one text.
    if (sha256 === undefined || bytes === undefined || found.has(path)) return null;
    found.set(path, { bytes, sha256 });
  }
  return middle === -1 || found.size !== lengths.size ? null : found;
}

/** A program that was stopped may leave folders that nobody may write into. */
export async function removeUnpacked(
  folder: string,
  { environment, tools }: { environment: Environment; tools: string },
): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
    const sandbox = {
      tree: tools,
      binds: [{ host: folder, inside: UNPACKED, writable: true }],
      env: fixedEnvironment(0),
      cwd: '/mnt',
      network: false,
      identities: 'one' as const,
      devices: [],
    };
    const argv = ['chmod', '-R', 'u+rwX', UNPACKED];
    const { signal } = new AbortController();
    await runProcess(sandboxArgv(sandbox, argv, environment), { env: { PATH: environment.path }, signal, title: argv });
    await rm(folder, { recursive: true, force: true });
  }
}
