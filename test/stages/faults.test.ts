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
    [
      'filesystem',
      { content: 'sys', readOnly: true },
      {},
      ['readOnly', 'is for ext4, and SysA has erofs', 'leave it out: it is so by itself'],
    ],
    [
      'filesystem',
      { content: 'kern', readOnly: true },
      {},
      ['readOnly', 'is for ext4, and KernA has vfat', 'write `mountFlags: [ro]` in the layout'],
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
      'tree',
      { system: {} },
      { layout: layoutOf([{ name: 'Top Sail', mount: '/sail' }]) },
      [
        'system',
        'the partition name "Top Sail" cannot be the name of a device',
        'of a partition that is mounted use letters, digits and . _ - + = : @ only',
      ],
    ],
    [
      'tree',
      { system: {} },
      { layout: layoutOf([{ name: 'Sail', mount: '/top sail' }]) },
      [
        'system',
        'the mount "/top sail" cannot stand in the boot configuration',
        'use letters, digits and . _ - + = : @ % / only',
      ],
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
    [
      'container',
      { format: 'raw', blockSize: '1 MiB' },
      {},
      ['blockSize', 'format raw has no blockSize', 'leave it out'],
    ],
    [
      'container',
      { format: 'vhd', subformat: 'dynamic' },
      {},
      ['subformat', 'format vhd has no subformat', 'leave it out'],
    ],
    [
      'container',
      { format: 'vhdx', compression: 'zstd' },
      {},
      ['compression', 'format vhdx has no compression', 'leave it out; it has subformat, blockSize'],
    ],
    [
      'container',
      { format: 'vhdx', subformat: 'streamOptimized' },
      {},
      ['subformat', 'format vhdx has no subformat "streamOptimized"', 'it has dynamic, fixed'],
    ],
    [
      'container',
      { format: 'vmdk', subformat: 'fixed' },
      { layout: layoutOf([], { sectorSize: 512 }) },
      ['subformat', 'format vmdk has no subformat "fixed"', 'it has streamOptimized, monolithicSparse'],
    ],
    [
      'container',
      { format: 'vhd' },
      {},
      [
        'format',
        'layout "stern" has sectors of 4096 bytes, which a VHD cannot have',
        'give the layout `sectorSize: "512"`, or take format vhdx, raw or qcow2',
      ],
    ],
    [
      'container',
      { format: 'vmdk' },
      {},
      ['format', 'layout "stern" has sectors of 4096 bytes, which a VMDK cannot have', expect.any(String) as string],
    ],
    [
      'container',
      { format: 'vhd' },
      { layout: layoutOf([], { sectorSize: 512, size: 7 * 2 ** 20 + 512 }) },
      [
        'format',
        'a disk of 7340544 B is no whole number of MiB, which Azure wants of a VHD',
        'give the layout a `size` in whole MiB, or take format vhdx',
      ],
    ],
    [
      'container',
      { format: 'vhd' },
      { layout: layoutOf([], { sectorSize: 512, size: 2 ** 41 }) },
      [
        'format',
        'a disk of 2 TiB is too large for a VHD, which ends at 2040 GiB',
        'make the disk smaller, or take format vhdx, which ends at 64 TiB',
      ],
    ],
    [
      'compress',
      {},
      { inputs: ['file'] },
      [
        '',
        'the step wired to "file" publishes nothing in the output folder',
        'wire one that does: `file: STEP` with a step of stage container',
      ],
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
    ['container', { format: 'qcow2', compression: 'zlib' }, {}],
    ['container', { format: 'vhd' }, { layout: layoutOf([], { sectorSize: 512, size: 2040 * 2 ** 30 }) }],
    ['compress', {}, { inputs: ['file'], published: () => 'galleon.raw' }],
    ['selector', { boot: 'kern', state: 'state', order: ['B'] }, {}],
    ['filesystem', { content: 'hold', size: '1.5 MiB' }, {}],
    ['filesystem', { content: 'hold', readOnly: true }, {}],
    ['filesystem', { content: 'sys', readOnly: false }, {}],
    ['tree', { system: {} }, { layout: layoutOf([{ name: 'Top Sail' }, { name: 'a.b+c:d@e=f-g_1', mount: '/s' }]) }],
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
