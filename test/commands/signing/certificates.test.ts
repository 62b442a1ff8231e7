import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { certificateDigests } from '../../../pipeline/commands/signing/certificates.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { certificate, rsa } from '../../engine/signer/certificates.ts';
import { imageOf } from '../../stages/documents.ts';

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
  expect(await certificateDigests(named(file))).toEqual({ programs: DIGEST, bundles: null }),
);

test.each(['none.crt', 'cut.crt', 'empty.crt', 'a.crt'])('%s has none', async file =>
  expect((await certificateDigests(named(file))).programs).toBeNull(),
);

test('without `signing:` there is none', async () =>
  expect(await certificateDigests({ folder, image: imageOf() })).toEqual({ programs: null, bundles: null }));

test('those of an update are digested with the chain behind them, in its order', async () => {
  const other = certificate(rsa(2048), { from: '20240101000000Z', to: '20250101000000Z', extensions: [] });
  writeFileSync(join(folder, 'chain.crt'), `${PEM}${other}`);
  writeFileSync(join(folder, 'turned.crt'), `${other}${PEM}`);
  const digestOf = async (file: string): Promise<string | null> => {
    const signing = { key: 'nowhere', certificate: file, module: '', pinFile: '' };
    const updates = { compatible: 'reef', keyring: 'ca.crt', signing, downgrade: 'refuse', selector: 'on' } as const;
    return (await certificateDigests({ folder, image: imageOf({ updates }) })).bundles;
  };
  const digests = [await digestOf('db.crt'), await digestOf('chain.crt'), await digestOf('turned.crt')];
  expect(digests[0]).toBe(DIGEST);
  expect(new Set(digests).size).toBe(3);
});
