/**
 * Programs of the tools tree on one partition, which they see read-only. What they write goes into a file and is
 * bounded: what they read was made by nobody we know.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { roundSize, type Bytes } from '../../formats/bytes.ts';
import type { FormatFault } from '../../formats/fault.ts';
import { fixedEnvironment, type Environment } from '../environment.ts';
import { ProcessFailure, runProcess } from '../run.ts';
import { sandboxArgv } from '../sandbox.ts';
import { damagedVolume } from './fault.ts';
import type { Unpacking, Volume } from './volume.ts';
import { digestScript, IN_MEMORY, mostInMemory, removeUnpacked, UNPACKED } from './unpacked.ts';

export interface ProgramsOptions {
  environment: Environment;
  /** Host path of the tools tree. */
  tools: string;
  /** Host folder for what programs write; made when first needed. */
  scratch: string;
  signal: AbortSignal;
}

export interface Programs {
  /**
   * Runs a program and returns its stdout, one character a byte. `argv` gets the file in which the partition stands,
   * as the program sees it, and the offset there.
   */
  text(argv: Argv, stdin?: string): Promise<string>;
  /** As text, with stdout written to the host path `target`, at most `limit` bytes. */
  write(argv: Argv, options: { target: string; limit: Bytes }): Promise<void>;
  /**
   * Runs a program that unpacks the partition, whose files have `all` bytes and none more than `longest`. Returns what
   * came out: the length of each file, then the digest of each (see unpacked.ts), one character a byte.
   */
  unpacked(unpacking: Unpacking, lengths: { longest: Bytes; all: Bytes }): Promise<string>;
  /** For answers that nobody can read. */
  fault(program: string, why: string): FormatFault;
}

export type Argv = (image: string, offset: Bytes) => readonly string[];

/** Of one answer: a million files, or so. */
const LONGEST_LIST: Bytes = 2 ** 27;
/** Damage can make a program walk in circles. */
const LONGEST_LISTING_MS = 15 * 60_000;
/** Exit code of a shell and of bwrap for SIGXFSZ, 25. */
const TOO_LONG = 128 + 25;
const IMAGE = '/mnt/image';
const STDOUT = '/mnt/stdout';
/** All that a program says on stderr when nothing is wrong. */
const BANNER = /^debugfs \d/;
const SETTINGS = {
  DEBUGFS_PAGER: '__none__',
  MTOOLS_SKIP_CHECK: '1',
  MTOOLS_DATE_STRING: 'yyyy-mm-dd',
  MTOOLS_TWENTY_FOUR_HOUR_CLOCK: '1',
};

export function volumePrograms(volume: Volume, options: ProgramsOptions): Programs {
  const { scratch, signal } = options;
  const fault = (program: string, why: string): FormatFault => damagedVolume(volume, program, why);
  let calls = 0;
  const textOf = async (
    argv: Argv,
    { stdin, ...run }: Pick<Run, 'script' | 'folder' | 'limit' | 'identities'> & { stdin: string },
  ) => {
    await mkdir(scratch, { recursive: true });
    calls += 1;
    const [input, output] = ['stdin', 'stdout'].map(name => path.join(scratch, `${name}-${calls}`)) as [string, string];
    const patience = AbortSignal.timeout(LONGEST_LISTING_MS);
    try {
      await writeFile(input, stdin);
      await runOnVolume(argv, {
        ...options,
        ...run,
        volume,
        signal: AbortSignal.any([signal, patience]),
        stdin: input,
        target: output,
      });
      return await readFile(output, 'latin1');
    } catch (error) {
      if (error !== patience.reason || signal.aborted) throw error;
      throw fault(argv('', 0)[0] ?? '', 'it does not come to an end');
    } finally {
      for (const each of [input, output]) await rm(each, { force: true });
    }
  };
  return {
    fault,
    text: async (argv, stdin = '') => textOf(argv, { ...PLAIN, stdin, limit: LONGEST_LIST }),
    write: async (argv, { target, limit }) =>
      runOnVolume(argv, { ...options, ...PLAIN, volume, stdin: null, target, limit }),
    unpacked: async ({ argv, ends }, { longest, all }) => {
      const run = {
        // Not as root: then they leave out owners and device nodes, at which root fails in a sandbox.
        identities: 'user' as const,
        stdin: '',
        limit: Math.max(LONGEST_LIST, longest),
      };
      const unpack = async (inside: string, folder: string | null): Promise<string> =>
        textOf((image, offset) => argv(image, offset, `${inside}/files`), {
          ...run,
          script: digestScript(ends, inside),
          folder,
        });
      if (all <= mostInMemory()) return unpack(IN_MEMORY, null);
      const folder = path.join(scratch, 'unpacked');
      await mkdir(folder, { recursive: true });
      try {
        return await unpack(UNPACKED, folder);
      } finally {
        await removeUnpacked(folder, options);
      }
    },
  };
}

interface Run extends Omit<ProgramsOptions, 'scratch'> {
  volume: Volume;
  /** Host path of what the program reads from stdin. */
  stdin: string | null;
  target: string;
  limit: Bytes;
  /** Of a shell whose arguments are the program's. */
  script: string;
  /** Host path of a folder that the program may write into, UNPACKED to it; null for none. */
  folder: string | null;
  identities: 'one' | 'user';
}

const PLAIN = { script: 'exec "$@"', folder: null, identities: 'one' as const };

async function runOnVolume(
  makeArgv: Argv,
  { volume, environment, tools, signal, stdin, target, limit, script, folder, identities }: Run,
): Promise<void> {
  const { file, offset } = await volume.linear();
  const argv = makeArgv(IMAGE, offset);
  const [program = ''] = argv;
  const sandbox = {
    tree: tools,
    binds: [
      { host: file, inside: IMAGE, writable: false },
      { host: path.resolve(target), inside: STDOUT, writable: true },
      ...(folder === null ? [] : [{ host: path.resolve(folder), inside: UNPACKED, writable: true }]),
    ],
    env: { ...fixedEnvironment(0), ...SETTINGS },
    cwd: '/mnt',
    network: false,
    identities,
    devices: [],
  };
  // A file, not a pipe: the kernel then bounds it, and no byte comes through our memory.
  const bounded = ['prlimit', `--fsize=${limit}`, '--core=0', 'sh', '-c', `exec > ${STDOUT}; ${script}`, 'sh', ...argv];
  await writeFile(target, '');
  let said = '';
  try {
    await runProcess(sandboxArgv(sandbox, bounded, environment), {
      env: { PATH: environment.path },
      signal,
      title: argv,
      onLine: line => {
        if (line.trim() !== '' && !BANNER.test(line)) said = line.trim();
      },
      ...(stdin === null ? {} : { stdin }),
    });
  } catch (error) {
    // What could not even be started is no matter of the image's.
    if (!(error instanceof ProcessFailure) || (error.exitCode === null && error.killedBy === null)) throw error;
    if (error.exitCode === TOO_LONG) throw damagedVolume(volume, program, `more than ${roundSize(limit)} come out`);
    throw damagedVolume(volume, program, said === '' ? error.message : said);
  }
  // debugfs and mtools end with 0 after most failures; no program says anything when all is well.
  if (said !== '') throw damagedVolume(volume, program, said);
}
