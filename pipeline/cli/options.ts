/** Options that several commands take, and what their values may be. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { COMPRESSIONS } from '../plan/formats.ts';
import { CONTAINER_FORMATS } from '../stages/container.ts';

/** Which image, and what of it. */
export interface ImageOptions {
  set: string[];
  format: string[];
  compress: (typeof COMPRESSIONS)[number];
  bundle?: boolean;
  out: string;
}

export function imageOptions(command: Command): Command {
  return containerOptions(imageArgument(command))
    .option('--bundle', 'make NAME-VERSION.raucb too: a signed update for the slot that does not run')
    .addOption(outOption());
}

/** Which containers are made of it. */
export function containerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <list>', `containers to make: ${CONTAINER_FORMATS.join(', ')}`)
        .argParser(formats)
        .default([], 'as the definition says'),
    )
    .addOption(
      new Option('--compress <how>', 'zst: make FILE.zst of each container too; FILE stays beside it')
        .choices(COMPRESSIONS)
        .default('none', 'only what the definition compresses'),
    );
}

/** A definition, with changes. */
export function imageArgument(command: Command): Command {
  return command
    .argument('<image>', 'name of a definition in pipeline/, or its file')
    .addOption(
      new Option('--set <path=value>', 'change one value of the definition or (layout.…) its layout; may be repeated')
        .argParser((value: string, all: string[]) => [...all, value])
        .default([], 'none'),
    );
}

/** Kinds of documents. */
export const KINDS = ['image', 'layout', 'manifest', 'overlay'] as const;

export function outOption(): Option {
  return new Option('--out <dir>', 'output folder').default('out');
}

/** Of commands that fetch packages of a lock file. */
export function mirrorOption(): Option {
  return new Option('--mirror <place>', 'folder or URL asked for packages of the lock file first; may be repeated')
    .argParser((value: string, all: string[]) => [...all, mirror(value)])
    .default([], 'none');
}

function mirror(text: string): string {
  if (/^https?:\/\/[^\s/]/.test(text)) return text;
  if (/^[a-z]+:\/\//i.test(text) || text === '')
    throw new InvalidArgumentError('It must be a folder, or a URL beginning with http:// or https://.');
  return text;
}

function formats(text: string): string[] {
  const all = text.split(',').map(each => each.trim());
  const unknown = all.find(each => !(CONTAINER_FORMATS as readonly string[]).includes(each));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`"${unknown}" is no format; there are ${CONTAINER_FORMATS.join(', ')}.`);
  return [...new Set(all)];
}

/** One or more. */
export function positive(text: string): number {
  if (wholeNumber(text) === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return wholeNumber(text);
}

export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A TCP port. */
export function port(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 65_535) throw new InvalidArgumentError('It must be a port: 1 to 65535.');
  return number;
}
