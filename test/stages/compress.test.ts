import { describe, expect, test } from 'vitest';
import { compress } from '../../pipeline/stages/compress.ts';
import { OptionFault } from '../../pipeline/stages/stage.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { artifactOf, contextOf } from './context.ts';
import { viewOf } from './documents.ts';

const folder = scratchDirectory();
const view = viewOf({ published: input => (input === 'file' ? 'galleon.vhd' : null) });

describe('compress', () => {
  test('publishes the name of its input with .zst', () => {
    const resolved = compress.resolve({}, view);
    expect(resolved).toEqual({ file: 'galleon.vhd.zst', level: 3 });
    expect(compress.publishes(resolved)).toBe('galleon.vhd.zst');
    expect(compress.resolve({ level: 17 }, view)).toMatchObject({ level: 17 });
  });

  test('an input that stays in the store has no name to go by', () => {
    const resolve = (): unknown => compress.resolve({}, viewOf());
    expect(resolve).toThrow(OptionFault);
    expect(resolve).toThrow('the step wired to "file" publishes nothing in the output folder');
  });

  test('runs zstd with a number of threads of its own, and tells what is inside', async () => {
    const file = artifactOf(folder, 'kelp and sand');
    const context = contextOf(folder, { inputs: { file } });
    expect(await compress.build({ file: 'x.zst', level: 17 }, context)).toEqual({
      compression: 'zstd',
      content: { sha256: file.sha256, bytes: 13 },
    });
    expect(context.calls).toEqual([
      {
        program: 'zstd',
        args: ['--quiet', '--force', '--threads=4', '-17', '/mnt/inputs/file', '-o', '/mnt/work/artifact'],
        options: {},
      },
    ]);
  });
});
