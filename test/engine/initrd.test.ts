import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readInitrd } from '../../pipeline/engine/initrd.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { cpioOf } from '../formats/cpio.ts';
import { putProgram, workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;

/** Stands where bwrap does: unpacks what `decompress` names, with the host's gzip. */
const BOX = `PATH=/usr/bin:/bin
while [ $# -gt 3 ]; do [ "$1" = --bind ] && [ "$3" = /mnt/work ] && work=$2; shift; done
exec gzip -dc < "$work/\${2##*/}" > "$work/\${3##*/}"
`;

const INIT = cpioOf([{ name: 'init', mode: 0o100755, content: '#!/bin/sail' }]);

async function read(bytes: Buffer, end = bytes.length): Promise<string[]> {
  const place = join(folder, `${count++}`);
  const shop = workshop(place, {});
  putProgram(shop, 'bwrap', BOX);
  const file = join(place, 'initrd');
  writeFileSync(file, bytes);
  const files = await readInitrd({ file, start: 0, end }, { ...shop, scratch: join(place, 'scratch') });
  return files.map(each => each.path);
}

test('plain ones and a compressed one behind them', async () => {
  const first = cpioOf([{ name: 'keel', mode: 0o120777, content: 'a'.repeat(4096) }]);
  expect(await read(Buffer.concat([first, gzipSync(INIT)]))).toEqual(['/init', '/keel']);
});

test.each([
  ['compressed in compressed', gzipSync(gzipSync(INIT)), /something compressed holds what is no cpio$/],
  [
    'compressed behind an archive in compressed',
    gzipSync(Buffer.concat([INIT, gzipSync(INIT)])),
    /something compressed holds what is no cpio$/,
  ],
  [
    'a target that is longer than any path',
    cpioOf([{ name: 'keel', mode: 0o120777, content: 'a'.repeat(4097) }]),
    /the target of \/keel has 4097 bytes$/,
  ],
])('%s', async (_, bytes, message) => expect(read(bytes)).rejects.toThrow(message));

test('a zstd frame that goes on behind the initrd', async () => {
  // One raw block of 32 bytes, the last one.
  const frame = Buffer.concat([Buffer.from('28b52ffd0000010100', 'hex'), Buffer.alloc(32)]);
  await expect(read(frame, 20)).rejects.toThrow(/a zstd frame ends at 41, behind the end at 20$/);
});
