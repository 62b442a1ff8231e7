/** provision, seed, verity: an image becomes a machine of somebody's. */
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { provision } from '../commands/provision.ts';
import { makeSeed } from '../commands/seed.ts';
import { verity } from '../commands/verity.ts';
import { parseSize, type Bytes } from '../formats/bytes.ts';
import type { Run } from './run.ts';

interface KeyOptions {
  out: string;
  hostname?: string;
  sshKey: string[];
  caKey: string[];
}

interface CopyOptions extends KeyOptions {
  images: string;
  generateKey?: boolean;
  dataSize?: Bytes;
  logSize?: Bytes;
}

export function addDeployCommands(program: Command, run: Run): void {
  keyOptions(
    program
      .command('provision')
      .description('a copy of an image for one deployment: its own name, keys, disk ids and sizes; no root needed')
      .argument('<image>', 'an image file, or the name of an image that was built')
      .requiredOption('--out <copy>', 'file to make: .vhdx, .vhd, .raw or .img; without extension as the image is')
      .option('--hostname <name>', 'what the machine is called (default: as the copy, else as the image)'),
  )
    .option('--generate-key', 'make a key pair for it: COPY.key and COPY.key.pub')
    .addOption(size('--data-size', 'size of Data, 2 GiB to 2 TiB (default: as in the image)'))
    .addOption(size('--log-size', 'size of Log, 1 GiB to 2 TiB (default: as in the image)'))
    .option('--images <dir>', 'output folder of builds, for an image by its name', 'out')
    .addHelpText(
      'after',
      '\nThe image is never written; nothing that is there is replaced. Log and Data are made anew, so an image that has run\nis refused.\n\nExamples:\n  caisson provision eflow --out site7.vhdx --generate-key\n  caisson provision eflow --out site7.vhdx --hostname site7.example.com --ssh-key ~/.ssh/id_ed25519.pub\n  caisson provision out/eflow/eflow.vhdx --out site8.raw --ca-key user-ca.pub --data-size "64 GiB" --log-size "6 GiB"',
    )
    .action((image: string, options: CopyOptions, self: Command) =>
      run(
        self,
        context =>
          provision(context, {
            image,
            images: options.images,
            out: options.out,
            hostname: options.hostname ?? null,
            sshKeys: options.sshKey,
            generateKey: options.generateKey === true,
            caKeys: options.caKey,
            dataSize: options.dataSize ?? null,
            logSize: options.logSize ?? null,
          }),
        'stderr',
      ),
    );

  keyOptions(
    program
      .command('seed')
      .description('a small second disk that tells an image its name and who may log in')
      .requiredOption('--out <file>', 'file to make: .vhdx, .vhd, .raw or .img; without extension raw')
      .option('--hostname <name>', 'what the machine is called (default: as the image has it)'),
  )
    .addHelpText(
      'after',
      '\nFor places where caisson provision cannot run: attach the disk to the machine before it starts.\n\nExamples:\n  caisson seed --out site7-seed.vhdx --hostname site7 --ssh-key ~/.ssh/id_ed25519.pub',
    )
    .action((options: KeyOptions, self: Command) =>
      run(
        self,
        context =>
          makeSeed(context, {
            out: options.out,
            hostname: options.hostname ?? null,
            sshKeys: options.sshKey,
            caKeys: options.caKey,
          }),
        'stderr',
      ),
    );

  program
    .command('verity')
    .description('is the root of an image checked against its hash tree (dm-verity)? tells, and switches it')
    .addArgument(new Argument('<state>', 'what it is to be, or `status`').choices(['on', 'off', 'status'] as const))
    .argument('<image>', 'an image file, or the name of an image that was built')
    .option('--images <dir>', 'output folder of builds, for an image by its name', 'out')
    .addHelpText(
      'after',
      '\nChanges the state of the selector in the image, 1 KiB on each of its partitions, and nothing else: the root, its hash\ntree and the kernel stay as they are. No VM may run from the image meanwhile. In a machine that runs: `sudo caisson verity on`.\n\nExamples:\n  caisson verity status eflow\n  caisson verity on site7.vhdx',
    )
    .action((state: 'on' | 'off' | 'status', image: string, options: { images: string }, self: Command) =>
      run(
        self,
        context => verity(context, { image, images: options.images, to: state === 'status' ? null : state }),
        'stderr',
      ),
    );
}

function keyOptions(command: Command): Command {
  return command
    .addOption(list('--ssh-key <file>', 'public keys that may log in, one a line; may be repeated'))
    .addOption(list('--ca-key <file>', 'public keys of authorities whose certificates may log in; may be repeated'));
}

function list(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((value: string, all: string[]) => [...all, value])
    .default([], 'none');
}

function size(flag: string, description: string): Option {
  return new Option(`${flag} <size>`, description)

    .argParser((text: string) => {
      const bytes = parseSize(text);
      if (bytes === null) throw new InvalidArgumentError('Write a number and MiB, GiB or TiB, e.g. "6 GiB" or 6GiB.');
      return bytes;
    });
}
