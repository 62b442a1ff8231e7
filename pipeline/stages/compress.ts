/** compress: a published file once more, compressed, beside it. */
import { OptionFault, type Stage } from './stage.ts';

interface Options {
  level?: number;
}

interface Resolved {
  file: string;
  level: number;
}

/**
 * zstd(1) cuts its input into jobs by its level alone, so that the number of threads changes no byte (tried with 1, 2
 * and 4; `--single-thread` does). More than four have nothing to do: the input is not read that fast.
 */
const THREADS = 4;

export const compress: Stage<Options, Resolved, 'file'> = {
  name: 'compress',
  version: 1,
  summary: 'a file of the output folder, compressed by zstd, beside it',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      level: {
        type: 'integer',
        minimum: 1,
        maximum: 19,
        description:
          'As zstd takes it. An image whose root is compressed already gains less than 1 % by 19, which takes seventy times as long.',
        default: 3,
      },
    },
  },
  inputs: { file: 'required' },
  tools: ['zstd'],
  publishes: resolved => resolved.file,

  resolve(options, image) {
    const file = image.published('file');
    if (file === null)
      throw new OptionFault(
        '',
        'the step wired to "file" publishes nothing in the output folder',
        'wire one that does: `file: STEP` with a step of stage container',
      );
    return { file: `${file}.zst`, level: options.level ?? 3 };
  },

  async build({ level }, { inputs, box, run, progress }) {
    if (inputs.file === undefined) throw new Error('no input file');
    progress(null, 'zstd');
    await run('zstd', [
      '--quiet',
      '--force',
      `--threads=${THREADS}`,
      `-${level}`,
      box.inputs.file ?? '',
      '-o',
      box.out,
    ]);
    return { compression: 'zstd', content: { sha256: inputs.file.sha256, bytes: inputs.file.bytes } };
  },
};
