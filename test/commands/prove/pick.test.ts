import { describe, expect, test } from 'vitest';
import type { Claim } from '../../../pipeline/claims/claim.ts';
import { neededScenarios, pickClaims } from '../../../pipeline/commands/prove/pick.ts';
import { DECLARATION } from '../../claims/subject.ts';
import { claim } from './claims.ts';

const ALL: Claim[] = [
  claim({ name: 'dry-hull' }),
  claim({ name: 'tight-hatches', scenario: 'full' }),
  claim({ name: 'two-masts', applies: () => false }),
];

describe('picking', () => {
  test('what the image declares, in the order of the list', () => {
    expect(pickClaims(ALL, DECLARATION, []).map(each => each.name)).toEqual(['dry-hull', 'tight-hatches']);
    expect(pickClaims(ALL, DECLARATION, ['tight-hatches', 'dry-hull']).map(each => each.name)).toEqual([
      'dry-hull',
      'tight-hatches',
    ]);
  });

  test('a name with a typing error', () => {
    expect(() => pickClaims(ALL, DECLARATION, ['dry-hul'])).toThrow(
      expect.objectContaining({
        name: 'UsageFault',
        message: 'no claim "dry-hul"',
        hint: expect.stringContaining('did you mean "dry-hull"?'),
      }),
    );
  });

  test('a name that is like none', () => {
    expect(() => pickClaims(ALL, DECLARATION, ['anchor'])).toThrow(
      expect.objectContaining({ hint: 'there are dry-hull, tight-hatches, two-masts' }),
    );
  });

  test('a claim that this image does not make', () => {
    expect(() => pickClaims(ALL, DECLARATION, ['two-masts'])).toThrow(
      expect.objectContaining({
        message: 'quagga does not promise "two-masts": its definition declares nothing of the kind',
      }),
    );
  });
});

describe('scenarios', () => {
  const prepare = async (): Promise<string> => '';
  test.each([
    [[], []],
    [['first'], ['first']],
    [['full'], ['first', 'full']],
    [
      ['unreadable', 'rebooted'],
      ['first', 'rebooted', 'unreadable'],
    ],
    [['grown'], ['other', 'grown']],
    [['unprovisioned'], ['unprovisioned']],
    [['updating'], ['updating']],
    [['damaged-update'], ['updating', 'updated', 'damaged-update']],
    [['returned'], ['updating', 'updated', 'returned']],
  ] as const)('for claims of %s: %s', (wanted, needed) => {
    expect(neededScenarios(wanted.map(scenario => claim({ name: scenario, scenario })))).toEqual(needed);
  });

  test('a claim that compares two copies wants both', () => {
    expect(neededScenarios([claim({ name: 'x', scenario: 'other', prepare })])).toEqual(['first', 'other']);
    expect(neededScenarios([claim({ name: 'x', scenario: 'other' })])).toEqual(['other']);
  });
});
