import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { maySign } from '../../pipeline/formats/key-usage.ts';
import { certificate, extendedKeyUsage, keyUsage, rsa } from '../engine/signer/certificates.ts';

const pair = rsa(1024);
const NONE = Buffer.alloc(0);

test.each([
  ['no extension', NONE, true],
  ['another extension', extendedKeyUsage('codeSigning'), true],
  ['digitalSignature', keyUsage(0x80, true), true],
  ['digitalSignature among others, not critical', keyUsage(0xa4, false), true],
  ['keyCertSign and cRLSign, critical', keyUsage(0x06, true), false],
  ['keyEncipherment, not critical', keyUsage(0x20, false), false],
])('maySign with %s', (_, extension, may) => {
  const extensions = extension === NONE ? [] : [extension];
  const pem = certificate(pair, { from: '20200101000000Z', to: '20300101000000Z', extensions });
  expect(maySign(new X509Certificate(pem).raw)).toBe(may);
});

test('maySign looks past the bytes of its name in other places', () => {
  const name = Buffer.from('0603551d0f', 'hex');
  expect(maySign(Buffer.concat([name, Buffer.from('0c0100', 'hex'), keyUsage(0x04, true)]))).toBe(false);
  expect(maySign(name)).toBe(true);
});
