import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trustOf } from '../../../pipeline/commands/verify/trust.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { commandContext } from '../context.ts';

const folder = scratchDirectory();
mkdirSync(join(folder, 'pipeline'));
const context = commandContext(folder);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

function fileOf(name: string, text: string | Buffer): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test('a public key is known by the SHA-256 of its DER', async () => {
  const file = fileOf('anchor.pub', rsa.publicKey.export({ type: 'spki', format: 'pem' }));
  const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
  expect(await trustOf(context, 'galleon', file)).toMatchObject({
    file,
    from: 'option',
    keyid: createHash('sha256').update(der).digest('hex'),
  });
});

test.each<[string, string | Buffer, RegExp]>([
  ['a private key', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }), /holds a private key/],
  [
    'a key of another kind',
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
    /a key of the kind ec; releases are signed by RSA/,
  ],
  ['no key at all', 'anchors aweigh', /neither a certificate nor a public key/],
  ['a torn certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', /neither a certificate/],
])('%s is refused', async (name, text, message) =>
  expect(trustOf(context, 'galleon', fileOf(name, text))).rejects.toThrow(message),
);

test('a file that is not there is refused', async () =>
  expect(trustOf(context, 'galleon', join(folder, 'nowhere'))).rejects.toThrow(/nowhere is not there/));

test('without a file and without a definition nobody is trusted', async () =>
  expect(trustOf(context, 'galleon', null)).rejects.toThrow(/nothing says whose releases of galleon/));
