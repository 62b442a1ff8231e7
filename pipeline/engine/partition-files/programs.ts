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
import type { Volume } from './reader.ts';

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
  return {
    fault,
    text: async (argv, stdin = '') => {
      await mkdir(scratch, { recursive: true });
      calls += 1;
      const [input, output] = ['stdin', 'stdout'].map(name => path.join(scratch, `${name}-${calls}`)) as [
        string,
        string,
      ];
      const patience = AbortSignal.timeout(LONGEST_LISTING_MS);
      try {
        await writeFile(input, stdin);
        await runOnVolume(argv, {
          ...options,
          volume,
          signal: AbortSignal.any([signal, patience]),
          stdin: input,
          target: output,
          limit: LONGEST_LIST,
        });
        return await readFile(output, 'latin1');
      } catch (error) {
        if (error !== patience.reason || signal.aborted) throw error;
        throw fault(argv('', 0)[0] ?? '', 'it does not come to an end');
      } finally {
        for (const each of [input, output]) await rm(each, { force: true });
      }
    },
    write: async (argv, { target, limit }) => runOnVolume(argv, { ...options, volume, stdin: null, target, limit }),
  };
}

interface Run extends Omit<ProgramsOptions, 'scratch'> {
  volume: Volume;
  /** Host path of what the program reads from stdin. */
  stdin: string | null;
  target: string;
  limit: Bytes;
}

async function runOnVolume(
  makeArgv: Argv,
  { volume, environment, tools, signal, stdin, target, limit }: Run,
): Promise<void> {
  const { file, offset } = await volume.linear();
  const argv = makeArgv(IMAGE, offset);
  const [program = ''] = argv;
  const sandbox = {
    tree: tools,
    binds: [
      { host: file, inside: IMAGE, writable: false },
      { host: path.resolve(target), inside: STDOUT, writable: true },
    ],
    env: { ...fixedEnvironment(0), ...SETTINGS },
    cwd: '/mnt',
    network: false,
    identities: 'one' as const,
    devices: [],
  };
  // A file, not a pipe: the kernel then bounds it, and no byte comes through our memory.
  const bounded = ['prlimit', `--fsize=${limit}`, '--core=0', 'sh', '-c', `exec "$@" > ${STDOUT}`, 'sh', ...argv];
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
