import { expect, test } from 'vitest';
import { lateDamage } from '../../pipeline/claims/late-damage.ts';
import { ready, running, runsFrom, spoilt, type Course } from './running.ts';

const SOUND: Partial<Course> = {
  says: ['block=4711', ...runsFrom('B')],
  lines: [ready('A'), ready('A'), ready('B')],
  boots: 5,
};
const bad = async (course: Partial<Course>): Promise<string[]> =>
  (await lateDamage.prove(running(course))).filter(each => !each.fits).map(each => each.text);

test('four restarts and slot B are proven; the block of the file is damaged, and no other', async () => {
  const asked = running(SOUND);
  expect((await lateDamage.prove(asked)).filter(each => !each.fits)).toEqual([]);
  const writers = asked.scripts.filter(script => script.includes('of='));
  expect(writers).toHaveLength(1);
  expect(writers[0]).toContain('bs=4096 seek=4711 count=1');
  expect(asked.scripts.filter(script => script.startsWith('cat /usr/sbin/mke2fs'))).toHaveLength(2);
});

test.each([
  ['it is still slot A', 'slot=B', 'slot=A'],
  ['the root is not verified', 'CRYPT-VERITY-77-root', ''],
])('it fails where %s', async (_, from, to) => expect(await bad(spoilt(SOUND, from, to))).toHaveLength(1));

test.each([4, 6])('it fails after %i boots', async boots =>
  expect(await bad({ ...SOUND, boots })).toEqual([`it restarted ${boots - 1} times`]),
);

test('it fails where the damage is read without a restart', async () => {
  const lines = [ready('A'), ready('A')];
  expect(await bad({ ...SOUND, lines })).toEqual(['slot B was not ready within 420 s']);
});

test('it fails where the file cannot be read in the end', async () => {
  const asked = running(SOUND);
  const { sh } = asked.machine;
  asked.machine.sh = async (script, options) => ({
    ...(await sh(script, options)),
    ...(script.startsWith('cat ') ? { exitCode: 1 } : {}),
  });
  const facts = await lateDamage.prove(asked);
  expect(facts.filter(each => !each.fits).map(each => each.text)).toEqual(['there the file can be read']);
});

test.each(['', 'unknown', '1; reboot', '-1'])(
  'nothing is written where the file is told to stand at "%s"',
  async at => {
    const asked = running(spoilt(SOUND, '4711', at));
    expect((await lateDamage.prove(asked)).map(each => each.fits)).toEqual([false]);
    expect(asked.scripts.join('')).not.toContain('of=');
  },
);
