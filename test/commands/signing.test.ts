import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { certificateDigest } from '../../pipeline/commands/signing.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { certificate, rsa } from '../engine/signer/certificates.ts';
import { imageOf } from '../stages/documents.ts';

const folder = scratchDirectory();
const PEM = certificate(rsa(2048), { from: '20240101000000Z', to: '20250101000000Z', extensions: [] });
writeFileSync(join(folder, 'db.crt'), PEM);
writeFileSync(join(folder, 'with-more.crt'), `Bag Attributes: reef\n${PEM}`);
writeFileSync(join(folder, 'cut.crt'), PEM.slice(0, 200));
writeFileSync(join(folder, 'empty.crt'), '');
mkdirSync(join(folder, 'a.crt'));
const named = (file: string) => ({
  folder,
  image: imageOf({ signing: { key: 'nowhere', certificate: file, module: '', pinFile: '', firmware: '' } }),
});
const DIGEST = createHash('sha256').update(new X509Certificate(PEM).raw).digest('hex');

test.each(['db.crt', join(folder, 'db.crt'), 'with-more.crt'])('the digest is that of the DER: %s', async file =>
  expect(await certificateDigest(named(file))).toBe(DIGEST),
);

test.each(['none.crt', 'cut.crt', 'empty.crt', 'a.crt'])('%s has none', async file =>
  expect(await certificateDigest(named(file))).toBeNull(),
);

test('without `signing:` there is none', async () =>
  expect(await certificateDigest({ folder, image: imageOf() })).toBeNull());
