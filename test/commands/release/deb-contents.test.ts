import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { debContents, type DebContents } from '../../../pipeline/commands/release/deb-contents.ts';
import type { ResolvedPackage } from '../../../pipeline/debian/stanza.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { commandContext } from '../context.ts';
import { sha256 } from './galleon.ts';

const KELP: ResolvedPackage = {
  name: 'kelp',
  version: '1',
  architecture: 'all',
  uri: '',
  bytes: 3,
  sha256: sha256('kelp'),
  stanza: '',
};
const CONTENTS: DebContents = {
  control: 'Package: kelp',
  files: { '/usr/bin/kelp': sha256('x') },
  links: {},
  texts: {},
};

/** Reads with a cache that holds `text`; what would have to be fetched is refused. */
async function read(text: string): Promise<Map<string, DebContents>> {
  const folder = scratchDirectory();
  mkdirSync(join(folder, 'cache/contents'), { recursive: true });
  writeFileSync(join(folder, 'cache/contents', `${KELP.sha256}.json`), text);
  const fetch = async (packages: readonly ResolvedPackage[]): Promise<void> => {
    throw new Error(`fetches ${packages.map(each => each.name).join(' ')}`);
  };
  return debContents(commandContext(folder), [KELP, KELP], { tools: '/none', fetch });
}

test('what was read before is not read again', async () => {
  expect([...(await read(JSON.stringify({ format: 2, ...CONTENTS })))]).toEqual([[KELP.sha256, CONTENTS]]);
});

test.each([
  ['half of it', JSON.stringify({ format: 2, ...CONTENTS }).slice(0, -9)],
  ['another format', JSON.stringify({ format: 1, ...CONTENTS })],
])('%s is read again, once', async (_, text) => {
  await expect(read(text)).rejects.toThrow('fetches kelp');
});
