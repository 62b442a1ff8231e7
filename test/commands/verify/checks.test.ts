import { expect, test } from 'vitest';
import { findingsOf } from '../../../pipeline/commands/verify/checks.ts';

const failed = (code: string, file: string): Error => Object.assign(new Error(code), { code, path: file });

test.each(['ENOENT', 'EISDIR', 'ELOOP', 'EACCES'])('%s of a file of the release is its fault', code =>
  expect(findingsOf(failed(code, '/port/galleon/7.3/galleon.vhdx'), '/port/galleon/7.3')?.faults).toEqual([
    `galleon.vhdx cannot be read (${code})`,
  ]),
);

test.each([
  ['a full disk', failed('ENOSPC', '/port/galleon/7.3/galleon.vhdx')],
  ['a file of somebody else', failed('ENOENT', '/port/galleon/7.31/galleon.vhdx')],
  ['a bug', new TypeError('no mast')],
])('%s is not', (_, error) => expect(() => findingsOf(error, '/port/galleon/7.3')).toThrow(error));
