import { describe, expect, test } from 'vitest';
import { grubConfiguration } from '../../pipeline/stages/selector/grub.ts';
import { selector } from '../../pipeline/stages/selector.ts';
import { decodeGrubenv, encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { layoutOf, twoSlots, viewOf } from './documents.ts';

const slotsOf = (layout = twoSlots()): ReturnType<typeof selector.resolve>['slots'] => selector.resolve({ boot: 'kern', state: 'state' }, viewOf({ layout })).slots;
const oneSlot = layoutOf([
  { number: 17, name: 'Kern', content: 'kern', slot: 'A', filesystem: 'vfat' },
  { number: 5, name: 'State', content: 'state', slot: 'A', filesystem: 'vfat' },
]);

describe('grub.cfg', () => {
  test('of two slots', async () => await expect(grubConfiguration(slotsOf())).toMatchFileSnapshot('golden/grub-two-slots.cfg'));

  test('of one slot', async () => await expect(grubConfiguration(slotsOf(oneSlot))).toMatchFileSnapshot('golden/grub-one-slot.cfg'));

  test('starts each slot from its own partition, by its own profile', () => {
    const text = grubConfiguration(slotsOf());
    expect([...text.matchAll(/"\$1" = "(\w)".*\(\$disk,gpt(\d+)\).*"@(\d)"/g)].map(match => match.slice(1))).toEqual([['A', '3', '1'], ['B', '7', '2']]);
  });

  test('reads the state on the first slot’s partition, else on the others’', () => {
    expect([...grubConfiguration(slotsOf()).matchAll(/set state="\(\$disk,gpt(\d+)\)/g)].map(match => match[1])).toEqual(['14', '15']);
    expect([...grubConfiguration(slotsOf(oneSlot)).matchAll(/set state="\(\$disk,gpt(\d+)\)/g)].map(match => match[1])).toEqual(['5']);
  });

  test('without any state it takes as good what a new image carries', () => {
    const text = grubConfiguration(slotsOf());
    expect(text).toContain('set A_OK=1\n');
    expect(text).toContain('set B_OK=0\n');
  });

  test.each([2, 1])('every block that begins ends (%d slots)', count => {
    const text = grubConfiguration(slotsOf(count === 2 ? twoSlots() : oneSlot));
    const words = (word: RegExp): number => [...text.matchAll(word)].length;
    expect(words(/(^|[\s;])if /gm)).toBe(words(/(^|[\s;])fi\b/gm));
    expect(words(/(^|[\s;])for /gm)).toBe(words(/(^|[\s;])done\b/gm));
    expect(words(/\{/g)).toBe(words(/\}/g));
  });
});

describe('the state of a new image', () => {
  test.each([
    [{}, 'A B'],
    [{ order: ['B'] as const }, 'B A'],
    [{ order: ['B', 'A'] as const }, 'B A'],
  ])('%j', (options, order) => {
    const { state } = selector.resolve({ boot: 'kern', state: 'state', ...(options as object) }, viewOf());
    expect(state).toMatchObject({ ORDER: order, A_OK: '1', A_TRY: '0', B_OK: '0', B_TRY: '0' });
    expect(decodeGrubenv(encodeGrubenv(state))).toEqual(state);
  });
});
