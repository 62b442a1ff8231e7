import { describe, expect, it } from 'vitest';
import type { TamperOutcome } from '../../pipeline/formats/tampering.ts';
import { findGrubenv } from '../../pipeline/formats/grubenv.ts';
import { stateStratum } from '../../pipeline/tamper/state.ts';
import { made } from '../formats/made.ts';
import { subjectOf } from './disk.ts';

/** ORDER=A B, VERITY=on, A_OK=1 and so on begin behind the signature of 25 bytes. */
const LINES = 25;
const VERITY = LINES + 'ORDER=A B\nVERITY='.length;
const A_OK = VERITY + 'on\nA_OK='.length;

describe('a bit of the state', () => {
  it.each<[string, number, number, TamperOutcome, string]>([
    ['of the padding', 1000, 0, 'harmless', 'the same slot'],
    ['of the signature', 3, 1, 'fell back', 'another copy'],
    ['of the name ORDER', LINES, 0, 'fell back', 'another copy'],
    ['of VERITY', VERITY, 0, 'harmless', 'the same slot'],
    ['of A_OK', A_OK, 0, 'fell back', 'slot B'],
  ])('%s', async (_, at, bit, outcome, why) => {
    const { places } = await stateStratum((await subjectOf()).subject);
    const [first, second] = places;
    const judged = await first?.judge({ offset: (first.start ?? 0) + at, bit });
    expect(judged).toMatchObject({ outcome, why: expect.stringContaining(why) as string });
    // The other copy is not read as long as this one can be.
    expect(await second?.judge({ offset: second.start + at, bit })).toMatchObject({ outcome: 'harmless' });
  });

  it('is unprotected when it switches verity off in an image that can be switched', async () => {
    const esp = made('esp');
    const state = findGrubenv(esp) ?? 0;
    // `og` is one bit away from `of`; with two letters of it the block is as long as before.
    esp.set(new TextEncoder().encode('VERITY=ofg\n'), state + LINES + 'ORDER=A B\n'.length);
    esp.set(new TextEncoder().encode('A_OK=1\nB_OK=1\n'), state + LINES + 'ORDER=A B\nVERITY=ofg\n'.length);
    const { subject } = await subjectOf({ esp });
    const at = VERITY + 2;
    for (const [switchable, outcome] of [
      [true, 'unprotected'],
      [false, 'harmless'],
    ] as const) {
      const [place] = (await stateStratum({ ...subject, switchable })).places;
      expect(await place?.judge({ offset: place.start + at, bit: 0 })).toMatchObject({ outcome });
    }
  });
});
