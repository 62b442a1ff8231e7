import { describe, expect, test } from 'vitest';
import { reportNotes } from '../../../../pipeline/commands/build/report/notes.ts';
import { GALLEON } from '../../../report/galleon-report.ts';

const MIB = 2 ** 20;
/** Nothing to say of it. */
const calm = {
  ...GALLEON,
  budgets: [{ name: 'packages', limit: 90, found: 26 }],
  headroom: [{ content: 'system', partitions: ['X', 'Y'], size: 100 * MIB, used: MIB, free: 99 * MIB, reserve: MIB }],
};
const messages = (report: typeof calm): string[] => reportNotes(report).map(({ message }) => message);

describe('notes', () => {
  test('none of an image that is verified, signed, locked and has room', () => {
    expect(reportNotes(calm)).toEqual([]);
  });

  test('a budget from nine tenths on; one of one is always used up', () => {
    const budgets = [
      { name: 'root', limit: 100 * MIB, found: 90 * MIB },
      { name: 'image', limit: 100 * MIB, found: 89.9 * MIB },
      { name: 'setuid', limit: 1, found: 1 },
    ];
    expect(messages({ ...calm, budgets })).toEqual(['The budget "root" is nearly used up: 90 MiB of 100 MiB']);
  });

  test('a slot with less than a tenth left beside what is reserved', () => {
    const [room] = calm.headroom;
    const headroom = [{ ...room!, content: 'hold', free: 15 * MIB, reserve: 6 * MIB }];
    expect(messages({ ...calm, headroom })).toEqual([
      'X and Y have little room for a larger hold: 15 MiB free, 6 MiB of it reserved',
    ]);
    expect(messages({ ...calm, headroom: [{ ...headroom[0]!, free: 16 * MIB }] })).toEqual([]);
  });

  test('no hash tree, and one that is not looked at', () => {
    const { trust } = calm;
    expect(messages({ ...calm, trust: { ...trust, verity: null } })[0]).toMatch(/^The root has no hash tree/);
    const [off] = reportNotes({ ...calm, trust: { ...trust, verifiedBoot: 'off' } });
    expect(off?.message).toMatch(/^The root is not verified at boot as built/);
    expect(off?.hint).toContain('`caisson verity on galleon`');
  });

  test('nothing that the firmware could check', () => {
    const trust = { ...calm.trust, signers: calm.trust.signers.filter(({ what }) => what === 'releases') };
    expect(messages({ ...calm, trust })).toEqual([expect.stringMatching(/^What the firmware starts is not signed/)]);
    expect(messages({ ...calm, trust, disk: null })).toEqual([]);
  });

  test('no lock file', () => {
    const [note] = reportNotes({ ...calm, lock: '' });
    expect(note).toMatchObject({ level: 'note', hint: '`caisson lock galleon` makes one' });
  });
});
