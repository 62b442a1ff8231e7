import { expect, test } from 'vitest';
import { configuration } from '../../../pipeline/engine/machine/web-server.ts';

test('serves one folder of the scratch folder, by TLS alone, and writes nowhere else', () => {
  const text = configuration('192.0.2.7', 'cargo');
  expect(text).toContain('listen 192.0.2.7:443 ssl;');
  expect(text).toContain('root /mnt/work/cargo;');
  expect(text.match(/listen/g)).toHaveLength(1);
  for (const [, path = ''] of text.matchAll(/(\/\S+?);/g)) expect(path).toMatch(/^\/mnt\/work\//);
});
