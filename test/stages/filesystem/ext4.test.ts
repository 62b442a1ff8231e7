import { describe, expect, test } from 'vitest';
import { filesystem } from '../../../pipeline/stages/filesystem.ts';
import type { Facts } from '../../../pipeline/stages/stage.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { artifactOf, contextOf, type Call, type FakeContext } from '../context.ts';
import { layoutOf, viewOf } from '../documents.ts';

const folder = scratchDirectory();
const layout = layoutOf([{ name: 'Hold', content: 'hold', filesystem: 'ext4', size: 96 * 2 ** 20 }]);

/** What the programs would have said. */
function answer({ program }: Call): string {
  if (program === 'dumpe2fs') return 'Block count:              24576\nFree blocks:              24000\n';
  return program === 'qemu-img' ? '[]' : '';
}

async function build(
  options: { readOnly?: boolean; size?: string },
  run: (call: Call) => string = answer,
): Promise<{ context: FakeContext; facts: Facts }> {
  const context = contextOf(folder, { inputs: { tree: artifactOf(folder, 'tar') }, run });
  const resolved = filesystem.resolve({ content: 'hold', ...options }, viewOf({ layout }));
  return { context, facts: await filesystem.build(resolved, context) };
}

const mke2fs = ({ calls }: FakeContext): readonly string[] => calls.find(each => each.program === 'mke2fs')?.args ?? [];

describe('ext4', () => {
  test('can be written, unless it is told otherwise: with a journal, as large as its partition', async () => {
    const { context, facts } = await build({});
    expect(context.calls.map(each => each.program)).toEqual(['mke2fs', 'dumpe2fs', 'qemu-img']);
    expect(mke2fs(context)).not.toContain('-O');
    expect(facts).toMatchObject({ readOnly: false, used: 576 * 4096 });
  });

  test('read only it has no journal and is cut to what its files need', async () => {
    const { context, facts } = await build({ readOnly: true });
    expect(context.calls.map(each => each.program)).toEqual([
      'mke2fs',
      'resize2fs',
      'resize2fs',
      'dumpe2fs',
      'qemu-img',
    ]);
    expect(mke2fs(context).join(' ')).toContain('-O ^has_journal,^resize_inode ');
    const cuts = context.calls.filter(each => each.program === 'resize2fs');
    for (const { args, options } of cuts) {
      expect(args).toEqual(['-M', '/mnt/work/artifact']);
      expect(options.env).toEqual({ E2FSPROGS_FAKE_TIME: '1444444444' });
    }
    expect(facts.readOnly).toBe(true);
  });

  test('files that do not fit are told with the size that they do not fit into', async () => {
    const full = ({ program, options }: Call): string => {
      if (program !== 'mke2fs') return '';
      options.onLine?.('mke2fs: Could not allocate block in ext2 filesystem while populating file system');
      throw new Error('mke2fs ended with exit code 1');
    };
    await expect(build({ size: '64 MiB' }, full)).rejects.toMatchObject({
      name: 'FormatFault',
      message: 'the files of hold do not fit into an ext4 of 64 MiB',
      hint: 'give the partition more room in the layout, or take packages or files away',
    });
  });

  test('any other end of mke2fs is told as it is', async () => {
    const broken = (): string => {
      throw new Error('mke2fs was ended by SIGBUS');
    };
    await expect(build({}, broken)).rejects.toThrow('mke2fs was ended by SIGBUS');
  });
});
