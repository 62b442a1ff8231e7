/** Entries of a store, and damage to them that nothing of a file system shows. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../pipeline/engine/store.ts';
import { sha256 } from './steps.ts';

/** Of an artifact that holds `artful`. */
export const entryOf = (own: Partial<Entry> = {}): Entry => ({
  key: 'k1',
  parts: { stage: 'tree/7', epoch: '1444444444' },
  step: 'hull',
  stage: 'tree',
  image: 'galleon',
  sha256: sha256('artful'),
  bytes: 6,
  facts: { planks: [1, { two: null }] },
  seconds: 1.5,
  published: null,
  ...own,
});

/**
 * Gives the artifact of a store's entry another content, as a failing disk does: no time of the file tells of it. No
 * test can set a ctime, so what the record remembers of the file is made to fit instead.
 */
export function rotSilently(entryFolder: string, artifact: string, content: string): void {
  writeFileSync(artifact, content);
  const { size, ctimeNs } = statSync(artifact, { bigint: true });
  const file = join(entryFolder, 'entry.json');
  const { entry } = JSON.parse(readFileSync(file, 'utf8')) as { entry: unknown };
  const record = { entry, state: `${size} bytes, changed ${ctimeNs}` };
  const seal = createHash('sha256').update(JSON.stringify(record)).digest('hex');
  writeFileSync(file, JSON.stringify({ seal, ...record }));
}
