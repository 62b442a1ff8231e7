import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openExt4 } from '../../../pipeline/engine/partition-files/ext4.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import type { Inode } from '../../../pipeline/formats/inode.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { fakePrograms, inodeOf, volume, type FakePrograms } from './inodes.ts';

const folder = scratchDirectory();

/** As debugfs 1.47.2 writes them. */
const listing = '/2/040755/0/0/.//\n/2/040755/0/0/..//\n';
const stat = (mtime: string, more = ''): string =>
  `Inode: 13   Type: symlink    Mode:  0777   Flags: 0x0\n ctime: 0x00000001:00000000 -- Thu Jan  1 00:00:01 1970\n${mtime} -- some day\nSize of extra inode fields: 32\n${more}`;

/** Answers in the order of what it is asked; `answers` are by command. */
const debugfs = (answers: Record<string, string>): FakePrograms =>
  fakePrograms((_, stdin) =>
    stdin
      .split('\n')
      .filter(line => line !== '')
      .map(line => `debugfs: ${line}\n${answers[line] ?? ''}`)
      .join(''),
  );
const childrenOf = async (programs: FakePrograms, folders = ['2']): Promise<Inode[][]> =>
  (await openExt4(volume, programs)).children(folders);

describe('children', () => {
  test('with what ls and stat say of them', async () => {
    const programs = debugfs({
      'ls -p <2>': `${listing}/0/000000/0/0//0/\n/13/104751/-1/1000/a "b" <2>/77/\n/15/041777/0/0/sub//\n/16/020600/0/6/disk/3/\n\n`,
      'stat <13>': stat(' mtime: 0x5618791c:00000000'),
      'stat <15>': stat(' mtime: 0x80000000:00000001'),
      'stat <16>': stat('mtime: 0xffffffff'),
    });
    expect(await childrenOf(programs)).toEqual([
      [
        inodeOf({ name: 'a "b" <2>', id: '13', mode: 0o4751, uid: 2 ** 32 - 1, gid: 1000, bytes: 77 }),
        inodeOf({
          name: 'sub',
          id: '15',
          type: 'directory',
          mode: 0o1777,
          uid: 0,
          gid: 0,
          bytes: 0,
          modified: 2 ** 31,
        }),
        inodeOf({ name: 'disk', id: '16', type: 'other', mode: 0o600, uid: 0, gid: 6, bytes: 0, modified: -1 }),
      ],
    ]);
  });

  test('of several folders, in one go for each command', async () => {
    const programs = debugfs({
      'ls -p <12>': `${listing}/30/100600/0/0/x/1/\n\n`,
      'ls -p <11>': `${listing}\n`,
      'ls -p <14>': `${listing}/31/100600/0/0/y/1/\n/32/100600/0/0/z/1/\n\n`,
      'stat <30>': stat(' mtime: 0x00000030'),
      'stat <31>': stat(' mtime: 0x00000031'),
      'stat <32>': stat(' mtime: 0x00000032'),
    });
    const found = await childrenOf(programs, ['12', '11', '14']);
    expect(found.map(each => each.map(({ name, modified }) => [name, modified]))).toEqual([
      [['x', 0x30]],
      [],
      [
        ['y', 0x31],
        ['z', 0x32],
      ],
    ]);
    expect(programs.ran.map(each => each.stdin)).toEqual([
      'ls -p <12>\nls -p <11>\nls -p <14>\n',
      'stat <30>\nstat <31>\nstat <32>\n',
    ]);
    expect(programs.ran[0]?.argv).toEqual(['debugfs', '-c', '-f', '-', '/mnt/image?offset=4096']);
  });

  test('whose names have line ends, and look like what debugfs says', async () => {
    const name = 'x\ndebugfs: stat <13>\nü';
    const programs = debugfs({
      'ls -p <2>': `/13/100644/0/0/${name}/1/\n\n`,
      'stat <13>': stat(' mtime: 0x00000005'),
    });
    expect(await childrenOf(programs)).toMatchObject([[{ name, modified: 5 }]]);
  });

  test('that are links: short ones from the inode, long ones from their block', async () => {
    const target = 'nä\ndebugfs: stat <14>\n mtime: 0x00000009"';
    const bytes = Buffer.byteLength(target);
    const long = `${'ü'.repeat(29)}\n"x`;
    const programs = debugfs({
      'ls -p <2>': `/13/120777/0/0/l/${bytes}/\n/14/120777/0/0/m/61/\n/15/100644/0/0/n/0/\n\n`,
      'stat <13>': stat(' mtime: 0x00000003', `Fast link dest: "${target}"\n`),
      'stat <14>': stat(' mtime: 0x00000004', 'EXTENTS:\n(0):2098\n'),
      'stat <15>': stat(' mtime: 0x00000005', 'user.x (3) = "Fast link dest: "\n'),
      'cat <14>': long,
    });
    expect(await childrenOf(programs)).toMatchObject([
      [
        { name: 'l', target, bytes, modified: 3 },
        { name: 'm', target: long, modified: 4 },
        { name: 'n', target: null, modified: 5 },
      ],
    ]);
    expect(programs.ran.at(-1)?.stdin).toBe('cat <14>\n');
  });

  test('of none: nobody is asked', async () => {
    const programs = debugfs({});
    expect(await childrenOf(programs, [])).toEqual([]);
    expect(programs.ran).toEqual([]);
  });

  test('in batches, when they are many', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => `/${100 + index}/100644/0/0/f${index}/1/\n`);
    const programs = fakePrograms((_, stdin) =>
      stdin.startsWith('ls')
        ? `debugfs: ${stdin}${many.join('')}\n`
        : stdin.replaceAll(/(stat <\d+>)\n/g, `debugfs: $1\n${stat(' mtime: 0x00000003')}`),
    );
    expect((await childrenOf(programs))[0]).toHaveLength(2500);
    expect(programs.ran.map(({ stdin }) => stdin.split('\n').length - 1)).toEqual([1, 1024, 1024, 452]);
  });
});

describe('an answer in other words is refused', () => {
  test.each([
    ['nothing', {}],
    ['half a line', { 'ls -p <2>': '/13/100644/0/0/x' }],
    ['no end', { 'ls -p <2>': listing }],
    ['no time', { 'ls -p <2>': '/13/100644/0/0/x/1/\n\n', 'stat <13>': 'Inode: 13\n' }],
    [
      'a link without its end',
      { 'ls -p <2>': '/13/120777/0/0/x/4/\n\n', 'stat <13>': stat(' mtime: 0x00000003', 'Fast link dest: "ab"\n') },
    ],
    [
      'half a link',
      { 'ls -p <2>': '/13/120777/0/0/x/70/\n\n', 'stat <13>': stat(' mtime: 0x00000003'), 'cat <13>': 'abc' },
    ],
  ])('%s', async (_, answers) => {
    await expect(childrenOf(debugfs(answers))).rejects.toThrow(FormatFault);
  });

  test('of another inode', async () => {
    const programs = fakePrograms(() => `debugfs: ls -p <3>\n${listing}\n`);
    await expect(childrenOf(programs)).rejects.toThrow(/no answer to "debugfs: ls -p <2>"/);
  });
});

test.each([
  ['tide', 'tide'],
  ['tide and zeros', 'tide'],
  ['', ''],
])('a file is asked for by its inode alone, and cut to its length: %j', async (written, expected) => {
  const target = join(folder, 'target');
  const programs = debugfs({});
  const write: FakePrograms['write'] = async (argv, options) => {
    await programs.write(argv, options);
    writeFileSync(options.target, written);
    expect(options.limit).toBe(4 + 2 ** 16);
  };
  const reader = await openExt4(volume, { ...programs, write });
  await reader.extract(inodeOf({ name: '"; rm <2>', id: '77', bytes: 4 }), target);
  expect(programs.ran[0]?.argv).toEqual(['debugfs', '-c', '-R', 'cat <77>', '/mnt/image?offset=4096']);
  expect(readFileSync(target, 'utf8')).toBe(expected);
});
