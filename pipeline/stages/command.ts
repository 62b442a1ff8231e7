/** command: a script of the project's own, run in the tools tree on artifacts. Its content is part of the key. */
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FormatFault } from '../formats/fault.ts';
import { HostPath, type Stage } from './stage.ts';

interface Options {
  script: string;
  arguments?: string[];
  interpreter?: string;
  tools?: string[];
  facts?: string;
}

interface Resolved {
  script: HostPath;
  sha256: string;
  arguments: string[];
  interpreter: string;
  tools: string[];
  facts: string;
}

export const command: Stage<Options, Resolved, '*'> = {
  name: 'command',
  version: 1,
  summary: 'a script of your own, on artifacts, in the tools tree',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['script'],
    properties: {
      script: {
        type: 'string',
        'x-document': 'file',
        description:
          'File of the project that is run, in the tools tree and without network. It finds its inputs at /mnt/inputs/NAME and must write $OUT.',
        examples: ['scripts/trim.sh'],
      },
      arguments: {
        type: 'array',
        items: { type: 'string' },
        'x-exact': true,
        description: 'Given to the script as they are.',
        default: [],
      },
      interpreter: {
        type: 'string',
        pattern: '^/[a-zA-Z0-9/._-]+$',
        description: 'Program that runs it.',
        default: '/bin/sh',
      },
      tools: {
        type: 'array',
        items: { type: 'string', pattern: '^[a-z0-9][a-z0-9+.-]+$' },
        description: 'Packages of the tools tree it uses; their versions enter the key.',
        default: [],
        examples: [['e2fsprogs']],
      },
      facts: {
        type: 'string',
        description: 'Input whose facts stay true of the result, e.g. for a file system changed in place.',
        'x-default': 'nothing is known of it',
      },
    },
  },
  inputs: { '*': 'optional' },
  tools: ['dash', 'coreutils'],
  publishes: () => null,

  resolve(options, image) {
    const file = image.file(options.script);
    return {
      script: new HostPath(file.path),
      sha256: file.sha256,
      arguments: options.arguments ?? [],
      interpreter: options.interpreter ?? '/bin/sh',
      tools: options.tools ?? [],
      facts: options.facts ?? '',
    };
  },

  async build(resolved, { work, out, box, run, inputs }) {
    const script = await readFile(resolved.script.value);
    if (createHash('sha256').update(script).digest('hex') !== resolved.sha256)
      throw new FormatFault(`${resolved.script.value} was changed during the build`, 'build again');
    await writeFile(path.join(work, 'script'), script);
    await run(resolved.interpreter, [`${box.work}/script`, ...resolved.arguments], { env: { OUT: box.out } });
    const made = await stat(out).catch(() => null);
    if (made === null || !made.isFile())
      throw new FormatFault(
        'the script ended well but wrote no file to $OUT',
        'write the result to the path in the variable OUT',
      );
    // The script may have filled what were holes.
    return { ...inputs[resolved.facts as '*']?.facts, extents: [[0, made.size]] };
  },
};
