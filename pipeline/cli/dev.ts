/** dev: the loop of whoever works on an image. */
import { availableParallelism } from 'node:os';
import type { ReadStream } from 'node:tty';
import type { Command } from 'commander';
import { dev } from '../commands/dev.ts';
import type { Keys } from '../commands/dev/run-loop.ts';
import { keySigner } from '../commands/signing/signing.ts';
import { imageArgument, outOption, port, positive } from './options.ts';
import type { Run } from './run.ts';

interface DevFlags {
  set: string[];
  out: string;
  jobs: number;
  boot: boolean;
  sshPort?: number;
  memory: number;
  cpus: number;
  once?: boolean;
}

/** What only the process knows. */
export interface DevProcess {
  version: string;
  stdin: ReadStream;
}

export function addDevCommand(program: Command, run: Run, { version, stdin }: DevProcess): void {
  imageArgument(
    program
      .command('dev')
      .description('build and boot an image anew whenever its documents change; tells what changed'),
  )
    .addOption(outOption())
    .option('--no-boot', 'only build')
    .option('--ssh-port <n>', 'port of 127.0.0.1 that leads to port 22 of the machine (default: a free one)', port)
    .option('--memory <MiB>', 'memory of the machine', positive, 2048)
    .option('--cpus <n>', 'processors of the machine', positive, 2)
    .option('--jobs <n>', 'steps that run at once', positive, Math.min(4, availableParallelism()))
    .option('--once', 'build once, boot until the machine is ready, and end; exit code 1 when it is never ready')
    .addHelpText(
      'after',
      '\nThe machine is a copy with a key of its own: `caisson ssh` in another terminal gets in. Everything ends with Ctrl-C; the\nimage stays in OUT. In a terminal: r builds, b boots again, q ends.\n\nExamples:\n  caisson dev eflow\n  caisson dev eflow --no-boot\n  caisson dev eflow --set layout=large-log --ssh-port 2222\n  caisson dev eflow --set "stages.root.options.compression=lz4"    # a root that is made faster, and is larger',
    )
    .action((image: string, flags: DevFlags, self: Command) =>
      run(self, context =>
        dev(context, {
          image,
          sets: flags.set,
          formats: [],
          compress: 'none',
          bundle: false,
          out: flags.out,
          jobs: flags.jobs,
          update: false,
          offline: false,
          mirrors: [],
          signerOf: keySigner,
          boot: flags.boot ? 'yes' : 'no',
          sshPort: flags.sshPort ?? null,
          memoryMiB: flags.memory,
          cpus: flags.cpus,
          once: flags.once === true,
          keys: stdin.isTTY ? keysOf(stdin) : null,
          version,
        }),
      ),
    );
}

const CTRL_C = '\u0003';

/** Single keys, without Enter. The terminal is given back when `signal` fires, and by Node when the process ends. */
function keysOf(stdin: ReadStream): Keys {
  return (take, signal) => {
    const read = (text: string): void => {
      for (const key of text) {
        if (key === 'r' || key === 'b' || key === 'q') take(key);
        // The terminal hands it over as any other key now.
        if (key === CTRL_C) process.kill(process.pid, 'SIGINT');
      }
    };
    stdin.setRawMode(true).setEncoding('utf8').on('data', read).resume();
    signal.addEventListener('abort', () => {
      stdin.off('data', read).setRawMode(false).pause();
    });
  };
}
