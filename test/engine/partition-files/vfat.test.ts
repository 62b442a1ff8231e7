import { describe, expect, test } from 'vitest';
import { openVfat } from '../../../pipeline/engine/partition-files/vfat.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { fakePrograms, inodeOf, volume, type FakePrograms } from './inodes.ts';

/** As mdir of mtools 4.0.48 lists it. */
const listing = ` Volume in drive : is KELP
 Volume Serial Number is CDBA-BE8F
Directory for ::/

DIRWIT~1     <DIR>     2015-10-10   2:34  Dir with space
empty                0 2015-10-10  12:05 
grubx64  efi 123456789 2015-10-10   2:34 
LEADIN~1             1 2015-10-10   2:34   leading
ÜNÏ--_   TXT         1 1980-00-00   0:00  ünï—日本.txt
        5 files         123 456 791 bytes

Directory for ::/Dir with space

.            <DIR>     2015-10-10   2:34 
..           <DIR>     2015-10-10   2:34 
IT_S_O~1 TXT         2 2015-10-10   2:34  it's [odd] %~name.txt
SUB          <DIR>     2015-10-10   2:34 
        4 files                   2 bytes

Directory for ::/Dir with space/SUB

No files

Total files listed:
        9 files         123 456 793 bytes
                         38 815 744 bytes free

`;
const TIME = Date.UTC(2015, 9, 10, 2, 34) / 1000;
const bare = { mode: null, uid: null, gid: null, modified: TIME };
const mdir = (text: string): FakePrograms => fakePrograms(() => text);

describe('a listing', () => {
  test('gives what each folder holds: long names, sizes, times', async () => {
    const reader = await openVfat(volume, mdir(listing));
    expect(await reader.children(['', '/DIRWIT~1', '/DIRWIT~1/SUB'])).toEqual([
      [
        inodeOf({ ...bare, name: 'Dir with space', id: '/DIRWIT~1', type: 'directory', bytes: 0 }),
        inodeOf({ ...bare, name: 'empty', id: '/empty', bytes: 0, modified: Date.UTC(2015, 9, 10, 12, 5) / 1000 }),
        inodeOf({ ...bare, name: 'grubx64.efi', id: '/grubx64.efi', bytes: 123_456_789 }),
        inodeOf({ ...bare, name: ' leading', id: '/LEADIN~1', bytes: 1 }),
        inodeOf({ ...bare, name: 'ünï—日本.txt', id: '/ünï—日本.txt', bytes: 1, modified: null }),
      ],
      [
        inodeOf({ ...bare, name: "it's [odd] %~name.txt", id: '/DIRWIT~1/IT_S_O~1.TXT', bytes: 2 }),
        inodeOf({ ...bare, name: 'SUB', id: '/DIRWIT~1/SUB', type: 'directory', bytes: 0 }),
      ],
      [],
    ]);
  });

  test('of a partition without files is nothing at all', async () => {
    const reader = await openVfat(volume, mdir(''));
    expect(await reader.children([''])).toEqual([[]]);
    expect(reader.caseless).toBe(true);
  });

  test.each([
    ['a line that is none', 'mdir: have a nice day\n'],
    ['a folder that was not listed', 'Directory for ::/nowhere\n\nX            <DIR>     2015-10-10   2:34 \n'],
  ])('with %s is refused', async (_, text) => {
    await expect(openVfat(volume, mdir(text))).rejects.toThrow(FormatFault);
  });
});

test('a file is asked for by its short name, and is no pattern', async () => {
  const programs = mdir(listing);
  const reader = await openVfat(volume, programs);
  await reader.extract(inodeOf({ name: 'x', id: '/DIRWIT~1/IT_S_O~1.TXT' }), '/tmp/x');
  await reader.extract(inodeOf({ name: 'x', id: '/ü*[a]?' }), '/tmp/x');
  expect(programs.ran.slice(1).map(each => each.argv)).toEqual([
    ['mtype', '-i', '/mnt/image@@4096', '::/DIRWIT~1/IT_S_O~1.TXT'],
    ['mtype', '-i', '/mnt/image@@4096', '::/ü[*][[]a][?]'],
  ]);
});
