import { describe, expect, test } from 'vitest';
import { STAGES } from '../../pipeline/stages/index.ts';
import { OptionFault, type ImageView } from '../../pipeline/stages/stage.ts';
import { layoutOf, manifestOf, viewOf } from './documents.ts';

/** What the user is told: place, message, way out. */
function faultOf(stage: string, options: unknown, view: Partial<ImageView> = {}): string[] | null {
  try {
    STAGES[stage]?.resolve(options, viewOf(view));
    return null;
  } catch (error) {
    if (!(error instanceof OptionFault)) throw error;
    return [error.path, error.message, error.hint];
  }
}

const CONTENTS = 'its contents: state, kern, sys, hold, blank';
const NO_CELLAR = 'layout "stern" has no partition with content "cellar"';
const NO_FILESYSTEM = 'partition Blank has no file system in layout "stern"';
const manifest = (): ReturnType<typeof manifestOf> => manifestOf({ modules: ['kelp'] });

describe('a fault of the options', () => {
  test.each<[string, unknown, Partial<ImageView>, string[]]>([
    ['filesystem', { content: 'cellar' }, {}, ['content', NO_CELLAR, CONTENTS]],
    [
      'filesystem',
      { content: 'blank' },
      {},
      ['content', NO_FILESYSTEM, 'give it `filesystem:` there, or leave this step out'],
    ],
    [
      'filesystem',
      { content: 'hold', size: '0.3 KiB' },
      {},
      ['size', '"0.3 KiB" is not a whole number of bytes', 'write it in a smaller unit'],
    ],
    ['verity', { content: 'cellar' }, {}, ['content', NO_CELLAR, CONTENTS]],
    ['uki', { content: 'cellar' }, {}, ['content', NO_CELLAR, CONTENTS]],
    [
      'uki',
      { content: 'blank' },
      {},
      ['content', NO_FILESYSTEM, 'give it `filesystem:` there, or leave this step out'],
    ],
    ['initrd', { manifest: 'cargo', root: 'cellar' }, { manifest }, ['root', NO_CELLAR, CONTENTS]],
    ['selector', { boot: 'cellar', state: 'state' }, {}, ['boot', NO_CELLAR, CONTENTS]],
    ['selector', { boot: 'kern', state: 'cellar' }, {}, ['state', NO_CELLAR, CONTENTS]],
    [
      'selector',
      { boot: 'kern', state: 'state', order: ['B', 'A'] },
      {
        layout: layoutOf([
          { content: 'kern', slot: 'B' },
          { content: 'state', slot: 'B' },
        ]),
      },
      ['order', 'layout "stern" has no slot A', 'its slots: B'],
    ],
    [
      'tree',
      { files: { '/a/b': 'ghost' } },
      { inputs: ['hull', 'mast'] },
      ['files["/a/b"]', '"ghost" is no input of this step', 'its inputs: hull, mast'],
    ],
    [
      'tree',
      { files: { '/a/b': 'ghost' } },
      {},
      ['files["/a/b"]', '"ghost" is no input of this step', 'its inputs: none'],
    ],
    [
      'tree',
      { files: { '/a/../../b': 'hull' } },
      { inputs: ['hull'] },
      ['files["/a/../../b"]', 'the path leads out of the tree', 'write it without ".."'],
    ],
    [
      'disk',
      {},
      { inputs: ['state', 'kern', 'sys', 'hold', 'cellar'] },
      ['', 'input "cellar" has no place: layout "stern" has no partition with that content', CONTENTS],
    ],
    [
      'disk',
      {},
      { inputs: ['state', 'kern', 'hold'] },
      [
        '',
        'nothing is wired to "sys", which partition SysA is to hold',
        expect.stringContaining('add `sys: STEP` to the inputs') as string,
      ],
    ],
    [
      'container',
      { format: 'vhdx', blockSize: '3 MiB' },
      {},
      ['blockSize', '3 MiB is no VHDX block size', 'a power of two from "1 MiB" to "256 MiB" ([MS-VHDX] 2.6.2.1)'],
    ],
    [
      'container',
      { format: 'vhdx', blockSize: '512 KiB' },
      {},
      ['blockSize', '512 KiB is no VHDX block size', expect.any(String) as string],
    ],
    [
      'container',
      { format: 'vhdx', blockSize: '512 MiB' },
      {},
      ['blockSize', '512 MiB is no VHDX block size', expect.any(String) as string],
    ],
  ])('%s %j', (stage, options, view, fault) => expect(faultOf(stage, options, view)).toEqual(fault));
});

describe('no fault', () => {
  test.each<[string, unknown, Partial<ImageView>]>([
    ['disk', {}, { inputs: ['state', 'kern', 'sys', 'hold'] }],
    ['disk', {}, { inputs: ['state', 'kern', 'sys', 'hold', 'blank'] }],
    ['tree', { files: { '/a/..b/c': 'hull' } }, { inputs: ['hull'] }],
    ['container', { format: 'vhdx', blockSize: '1 MiB' }, {}],
    ['container', { format: 'vhdx', blockSize: '256 MiB' }, {}],
    ['selector', { boot: 'kern', state: 'state', order: ['B'] }, {}],
    ['filesystem', { content: 'hold', size: '1.5 MiB' }, {}],
  ])('%s %j', (stage, options, view) => expect(faultOf(stage, options, view)).toBeNull());
});

describe('every stage', () => {
  test.each(Object.entries(STAGES))(
    '%s: is listed by its name, and says what it does, takes and needs',
    (name, stage) => {
      expect(stage.name).toBe(name);
      expect(stage.summary).toMatch(/^\S.*[^.]$/);
      expect(stage.version).toBeGreaterThanOrEqual(1);
      expect(stage.schema).toMatchObject({ type: 'object', additionalProperties: false });
      for (const need of Object.values(stage.inputs)) expect(need).toMatch(/^(required|optional)$/);
    },
  );
});
