import { expect, test } from 'vitest';
import { encodeSlotDelta } from '../../pipeline/formats/slot-delta.ts';

const DELTA = {
  base: { bytes: 70_001, sha256: 'aa' },
  result: { bytes: 9000, sha256: 'bb' },
  segments: [
    { bytes: 8192, base: { at: 4096, bytes: 65_905 }, delta: 33 },
    { bytes: 808, base: { at: 0, bytes: 70_001 }, delta: 7 },
  ],
};

test('a header as the machine reads it, filled to a block', () => {
  const header = encodeSlotDelta(DELTA);
  expect(header.length).toBe(4096);
  expect(header.toString().trimEnd()).toBe(`caisson-delta 1
base 70001 aa
result 9000 bb
segment 8192 4096 65905 33
segment 808 0 70001 7
end 4096`);
});

test('one that is longer than a block says so', () => {
  const segments = Array.from({ length: 150 }, () => DELTA.segments).flat();
  const header = encodeSlotDelta({ ...DELTA, segments });
  expect(header.length).toBe(8192);
  expect(header.toString()).toMatch(/\nend 8192\n+$/);
});
