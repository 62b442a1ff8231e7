import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatDiagnostic } from '../../pipeline/config/diagnostic.ts';
import { decode, readText } from '../../pipeline/config/text.ts';

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map(part => Buffer.from(part as string)));

test.each([
  ['UTF-8 with signs of two, three and four bytes', bytes('a: äö€💾\n'), null],
  [
    'byte order mark',
    bytes([0xef, 0xbb, 0xbf], 'a: 1\n'),
    'f.yaml:1:1: starts with a byte order mark (save it as UTF-8 without BOM)',
  ],
  ['UTF-16, little endian', bytes([0xff, 0xfe, 0x61, 0]), 'f.yaml:1:1: is UTF-16 (save it as UTF-8)'],
  ['UTF-16, big endian', bytes([0xfe, 0xff, 0, 0x61]), 'f.yaml:1:1: is UTF-16 (save it as UTF-8)'],
  ['UTF-16 without mark', bytes([0x61, 0, 0x3a, 0]), 'f.yaml:1:2: control character U+0000'],
  ['Latin-1', bytes('a: 1\nb: gr', [0xfc], 'n\n'), 'f.yaml:2:6: byte 0xfc is not UTF-8 (save the file as UTF-8)'],
  ['behind a sign of three bytes', bytes('€', [0xff]), 'f.yaml:1:2: byte 0xff is not UTF-8 (save the file as UTF-8)'],
  ['cut at the end', bytes('a: 1\nb: ', [0xe2, 0x82]), 'f.yaml:2:4: byte 0xe2 is not UTF-8 (save the file as UTF-8)'],
  ['surrogate in UTF-8', bytes([0xed, 0xa0, 0x80]), 'f.yaml:1:1: byte 0xed is not UTF-8 (save the file as UTF-8)'],
  ['escape character', bytes('a: 1\nb: \u001b[0m'), 'f.yaml:2:4: control character U+001B'],
  ['too long', new Uint8Array(5 * 2 ** 20).fill(0x20), 'f.yaml:1:1: has 5242880 bytes (allowed: 4194304)'],
])('%s', (_, content, expected) => {
  const { text, fault } = decode(content, 'f.yaml');
  expect(fault === null ? null : formatDiagnostic(fault)).toBe(expected);
  expect(text).toBe(expected === null ? Buffer.from(content).toString() : null);
});

test('a missing file and a directory are faults of the file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'caisson-text-'));
  await writeFile(path.join(folder, 'there.yaml'), 'a: 1\n');
  const messages = await Promise.all(
    ['there.yaml', 'gone.yaml', '.'].map(
      async name => (await readText(path.join(folder, name))).fault?.message ?? null,
    ),
  );
  expect(messages).toEqual([null, 'no such file', 'is a directory, not a file']);
  await rm(folder, { recursive: true });
});

test('what has no end, waits for a writer, or is far too long is a fault, and is not read', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'caisson-text-'));
  const [pipe, long] = [path.join(folder, 'pipe.yaml'), path.join(folder, 'long.yaml')];
  execFileSync('mkfifo', [pipe]);
  await writeFile(long, '');
  await truncate(long, 3 * 2 ** 30);
  const faults = await Promise.all(['/dev/null', pipe, long].map(async file => (await readText(file)).fault));
  expect(faults.map(fault => [fault?.message, fault?.hint])).toEqual([
    ['is not a regular file', undefined],
    ['is not a regular file', undefined],
    ['has 3221225472 bytes', 'allowed: 4194304'],
  ]);
  await rm(folder, { recursive: true });
});
