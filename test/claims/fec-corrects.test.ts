import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { attackedRoot, fecCorrects } from '../../pipeline/claims/fec-corrects.ts';
import { byteAt, bytesAt, DISK } from './disk.ts';
import { running, runsFrom, spoilt, type Course } from './running.ts';

const { start } = DISK.roots.find(each => each.slot === 'A')?.data ?? { start: 0 };
const built = createHash('sha256')
  .update(bytesAt(start + 3 * 4096, 4096))
  .digest('hex');
const other = createHash('sha256').update('other').digest('hex');
const SOUND: Partial<Course> = {
  says: [
    ...runsFrom('A'),
    `read=${built}`,
    `raw=${other}`,
    'corrected=2',
    'line=device-mapper: verity-fec: 8:4: FEC 12288: corrected 1 errors',
  ],
};
const bad = async (course: Partial<Course>): Promise<string[]> =>
  (await fecCorrects.prove(running(course))).filter(each => !each.fits).map(each => each.text);

test('one bit of a data block of slot A is turned, of the block that is looked at', async () => {
  const [part, ...more] = await attackedRoot(DISK);
  if (part === undefined) throw new Error('nothing is damaged');
  expect(more).toEqual([]);
  expect(part.bytes).toHaveLength(1);
  expect(((part.bytes[0] ?? 0) ^ byteAt(part.start)).toString(2)).toMatch(/^10*$/);
  expect(Math.floor((part.start - start) / 4096)).toBe(3);
  const asked = running(SOUND);
  await fecCorrects.prove(asked);
  expect(asked.scripts.join('').match(/bs=4096 skip=3 count=1/g)).toHaveLength(2);
});

test('a block that is read as it was built is proven', async () => expect(await bad(SOUND)).toEqual([]));

test.each([
  ['the kernel gives something else', `read=${built}`, `read=${other}`],
  ['nothing was damaged', `raw=${other}`, `raw=${built}`],
  ['the kernel corrected nothing', 'corrected=2', 'corrected=0'],
  ['the root is not verified', 'CRYPT-VERITY-77-root', ''],
  ['the other slot runs', 'slot=A', 'slot=B'],
])('it fails where %s', async (_, from, to) => expect(await bad(spoilt(SOUND, from, to))).toHaveLength(1));
