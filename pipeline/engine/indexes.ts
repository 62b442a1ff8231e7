/** Which index of which mirror told apt what it knows: read from apt's own lists after it has verified them. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LockedSource } from '../config/lock.ts';
import type { Manifest } from '../config/types.ts';
import { field } from '../debian/stanza.ts';
import { withoutPassword } from './fetch.ts';

/** `lists`: apt's folder. In the order of the manifest; a mirror that signs its index apart is told by its Release. */
export async function indexesOf(manifest: Manifest, lists: string): Promise<LockedSource[]> {
  const pairs = manifest.mirrors.flatMap(({ url, suites }) => suites.map(suite => ({ url, suite })));
  const found = await Promise.all(
    pairs.map(async ({ url, suite }) => {
      const base = `${withoutPassword(url).replace(/\/+$/, '')}/dists/${suite}`;
      const index = (await readList(lists, `${base}/InRelease`)) ?? (await readList(lists, `${base}/Release`));
      if (index === null) return [];
      const sha256 = createHash('sha256').update(index).digest('hex');
      return [{ url: withoutPassword(url), suite, sha256, date: field(index.toString('utf8'), 'Date') }];
    }),
  );
  return found.flat();
}

async function readList(lists: string, uri: string): Promise<Buffer | null> {
  return readFile(path.join(lists, listName(uri))).catch(() => null);
}

/** apt's URItoFileName: without scheme, some characters quoted, folders as underscores. */
function listName(uri: string): string {
  return uri
    .replace(/^\w+:\/\//, '')
    .replaceAll(/[\\|{}[\]<>"^~_=!@#$%^&*]/g, each => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('/', '_');
}
