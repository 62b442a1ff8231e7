import { describe, expect, test } from 'vitest';
import { parseUnpacked } from '../../../pipeline/engine/partition-files/unpacked.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

describe('parseUnpacked', () => {
  test('lengths and digests by path, whatever the path is', () => {
    const text = latin1(`12 ./a\nb  c\x003 ./ünï\x00\x00${A}  ./a\nb  c\x00${B}  ./ünï\x00`);
    expect(parseUnpacked(text)).toEqual(
      new Map([
        ['/a\nb  c', { bytes: 12, sha256: A }],
        ['/ünï', { bytes: 3, sha256: B }],
      ]),
    );
  });

  test('nothing', () => {
    expect(parseUnpacked('\0')).toEqual(new Map());
  });

  test.each([
    ['a file without digest', `1 ./a\0\0`],
    ['a digest without file', `\0${A}  ./a\0`],
    ['no middle', `1 ./a\0`],
    ['other words', `cannot\0\0`],
    ['names that are one text', `1 ./\xff\x001 ./\xfe\x00\x00${A}  ./\xff\x00${A}  ./\xfe\x00`],
  ])('%s', (_, text) => {
    expect(parseUnpacked(text)).toBeNull();
  });
});
