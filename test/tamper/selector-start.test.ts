import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { selectorStart } from '../../pipeline/tamper/selector-start.ts';

const STATE = { ORDER: 'A B', VERITY: 'on', A_OK: '1', A_TRY: '0', B_OK: '1', B_TRY: '0' };
const OPTIONS = { slots: ['A', 'B'], filled: ['A', 'B'], switchable: true };
const start = (own: Partial<Record<keyof typeof STATE, string>>, options = OPTIONS) =>
  selectorStart([encodeGrubenv({ ...STATE, ...own }), encodeGrubenv(STATE)], options);

describe('selectorStart', () => {
  it.each<[string, Parameters<typeof start>[0], string]>([
    ['the first in order', { ORDER: 'B A' }, 'B'],
    ['one that is good', { A_OK: '0' }, 'B'],
    ['one with tries left', { A_TRY: '3' }, 'B'],
    ['the first that ever was good when none has tries left', { A_TRY: '3', B_TRY: '3' }, 'A'],
    ['what the image was made with, when the order names nobody', { ORDER: 'C', A_OK: '0' }, 'A'],
    ['what the image was made with, when nothing is good', { A_OK: '0', B_OK: '0' }, 'A'],
  ])('starts %s', (_, own, slot) => {
    expect(start(own)).toEqual({ slot, verified: true, copy: 0 });
  });

  it('passes over a slot that is empty, and starts none when all are', () => {
    expect(start({}, { ...OPTIONS, filled: ['B'] })).toMatchObject({ slot: 'B' });
    expect(start({}, { ...OPTIONS, filled: [] })).toMatchObject({ slot: null });
  });

  it('verifies unless VERITY is `off` and the kernel lets it', () => {
    expect(start({ VERITY: 'off' })).toMatchObject({ verified: false });
    expect(start({ VERITY: 'ofg' })).toMatchObject({ verified: true });
    expect(start({ VERITY: 'off' }, { ...OPTIONS, switchable: false })).toMatchObject({ verified: true });
  });

  it('takes the second copy where the first has no order, and the defaults where neither has', () => {
    const damaged = encodeGrubenv(STATE);
    damaged[3] = 0;
    const second = encodeGrubenv({ ...STATE, ORDER: 'B A' });
    expect(selectorStart([damaged, second], OPTIONS)).toEqual({ slot: 'B', verified: true, copy: 1 });
    expect(selectorStart([null, second], OPTIONS)).toMatchObject({ slot: 'B', copy: 1 });
    expect(selectorStart([null, damaged], OPTIONS)).toEqual({ slot: 'A', verified: true, copy: null });
  });

  it('reads a name up to the next `=`, over the end of its line, as GRUB does', () => {
    const text = Buffer.from(encodeGrubenv({ ...STATE, ORDER: 'A B' })).toString('latin1');
    // `A_OK<1` swallows `A_TRY`: slot A has no A_OK any more.
    const swallowed = Buffer.from(text.replace('A_OK=1', 'A_OK<1'), 'latin1');
    expect(selectorStart([swallowed], OPTIONS)).toMatchObject({ slot: 'B', copy: 0 });
    const commented = Buffer.from(text.replace('ORDER=', '#RDER='), 'latin1');
    expect(selectorStart([commented], OPTIONS)).toMatchObject({ copy: null });
    const cut = Buffer.from(text.replace('A B\n', 'B\0A\n'), 'latin1');
    expect(selectorStart([cut], OPTIONS)).toMatchObject({ slot: 'B', copy: 0 });
  });

  it('ends for any bytes, and never leaves verity off where it cannot be', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 900, maxLength: 1024 }), fc.nat(1023), (noise, at) => {
        const block = encodeGrubenv({ ...STATE, VERITY: 'off' });
        block.set(noise.subarray(0, 1024 - at), at);
        const found = selectorStart([block], { ...OPTIONS, switchable: false });
        expect([found.verified, found.slot === null || OPTIONS.slots.includes(found.slot)]).toEqual([true, true]);
      }),
      { numRuns: 300 },
    );
  });
});
