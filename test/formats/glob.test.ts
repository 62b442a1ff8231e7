import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globMatcher } from '../../pipeline/formats/glob.ts';

const globs = fc
  .array(fc.constantFrom('/', 'a', 'b', '.', '*', '**', '**/', '?', '💥', '['), { maxLength: 8 })
  .map(parts => parts.join(''));
const paths = fc
  .array(fc.constantFrom('/', 'a', 'b', '.', '💥', '[', '\n', '/a/'), { maxLength: 9 })
  .map(parts => parts.join(''));

/** The same as a regular expression, for what is short. */
function expression(glob: string, skipsFolders: boolean): RegExp {
  const source = glob.replaceAll(skipsFolders ? /\*\*\/|\*\*|[*?.[]/g : /\*\*|[*?.[]/g, token => {
    const words: Record<string, string> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };
    return words[token] ?? `\\${token}`;
  });
  return new RegExp(`^${source}$`, 'su');
}

describe('globMatcher', () => {
  test.each([true, false])('says what a regular expression says, folders skipped: %s', skipsFolders => {
    fc.assert(
      fc.property(globs, paths, (glob, path) => {
        expect(globMatcher(glob, { skipsFolders })(path)).toBe(expression(glob, skipsFolders).test(path));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['/etc/**', '/etc/kelp/reef', true],
    ['/etc/**', '/etc', false],
    ['/a/**/b', '/a/b', true],
    ['/a/**/b', '/a/x/y/b', true],
    ['/a/**/b', '/a/xb', false],
    ['/boot/vmlinuz-*', '/boot/vmlinuz-7', true],
    ['/boot/vmlinuz-*', '/boot/grub/vmlinuz-7', false],
  ])('%s and %s: %s', (glob, path, expected) => {
    expect(globMatcher(glob, { skipsFolders: true })(path)).toBe(expected);
  });

  test.each([
    ['stars', `/${'a*'.repeat(40)}b`, `/${'a'.repeat(400)}`],
    ['folders', `/${'**/'.repeat(40)}y`, `/${'d/'.repeat(200)}x`],
    ['everything', `/${'**a'.repeat(40)}b`, `/${'a/'.repeat(300)}`],
  ])('many %s in a pattern take no longer for it', (_, glob, path) => {
    expect(globMatcher(glob, { skipsFolders: true })(path)).toBe(false);
  });
});
