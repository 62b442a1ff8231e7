import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SigningKey } from '../../pipeline/config/types.ts';
import { openBundleSigner, openReleaseSigner, openSigner } from '../../pipeline/engine/signer.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { certificate, ec, extendedKeyUsage, keyUsage, rsa, type CertificateOptions } from './signer/certificates.ts';
import { workshop } from './steps.ts';

const folder = scratchDirectory();
const EPOCH = Date.UTC(2024, 5, 1) / 1000;
const VALID: CertificateOptions = { from: '20240101000000Z', to: '20250101000000Z', extensions: [] };
const [pilot, other, small, curve] = [rsa(2048), rsa(2048), rsa(1024), ec()];

let count = 0;
function file(text: string): string {
  const name = join(folder, `file-${count++}`);
  writeFileSync(name, text);
  return name;
}

const keyFile = file(pilot.pem);
const certificateFile = file(certificate(pilot, VALID));

async function open(own: Partial<SigningKey>, epoch = EPOCH) {
  const { environment, signal } = workshop(join(folder, `shop-${count++}`));
  return openSigner(
    { key: keyFile, certificate: certificateFile, module: '', pinFile: '', ...own },
    { environment, signal, epoch, folder, tools: '/nonexistent' },
  );
}

const fault = (message: string) => ({ name: 'SigningFault', message: expect.stringContaining(message) as string });

describe('a key and its certificate', () => {
  test('open by paths from the folder of the project', async () => {
    await expect(open({ key: basename(keyFile), certificate: basename(certificateFile) })).resolves.toBeDefined();
  });

  test('open, whatever else stands in the file of the certificate', async () => {
    const text = certificate(pilot, VALID);
    const signer = await open({ certificate: file(`Bag Attributes: reef\n${text}`) });
    expect(signer.certificate).toBe(text);
    await signer.close();
  });

  test.each([
    ['codeSigning beside a purpose of a maker', [extendedKeyUsage('modules', 'codeSigning')]],
    ['digitalSignature', [keyUsage(0x80, true)]],
    ['both', [keyUsage(0x84, false), extendedKeyUsage('codeSigning')]],
  ])('open with %s', async (_, extensions) => {
    await expect(open({ certificate: file(certificate(pilot, { ...VALID, extensions })) })).resolves.toBeDefined();
  });

  test('from the first second to the last, at the image’s epoch and not at the clock’s', async () => {
    const [first, last] = [Date.UTC(2024, 0, 1) / 1000, Date.UTC(2025, 0, 1) / 1000];
    await expect(open({}, first)).resolves.toBeDefined();
    await expect(open({}, last)).resolves.toBeDefined();
    await expect(open({}, first - 1)).rejects.toMatchObject(fault('is not yet valid at 2023-12-31T23:59:59Z'));
    await expect(open({}, last + 1)).rejects.toMatchObject(fault('is expired at 2025-01-01T00:00:01Z'));
  });
});

describe('a key', () => {
  const encrypted = pilot.key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'brine' });
  const older = pilot.key.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'brine' });
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  test.each([
    ['encrypted', encrypted.toString(), 'is encrypted'],
    ['encrypted in the older way', older.toString(), 'is encrypted'],
    ['of an elliptic curve', curve.pem, 'is of type ec'],
    ['for RSA-PSS alone', pss.toString(), 'is of type rsa-pss'],
    ['too short', small.pem, 'is RSA with 1024 bits'],
    ['of another certificate', other.pem, `and the certificate ${certificateFile} do not belong together`],
    ['public', certificate(pilot, VALID), 'is no private key in PEM'],
    ['cut short', `${pilot.pem.slice(0, 300)}\n-----END PRIVATE KEY-----\n`, 'is damaged'],
    ['empty', '', 'is no private key in PEM'],
  ])('is refused when it is %s', async (_, text, message) => {
    const key = file(text);
    const error: Error = await open({ key }).then(
      () => new Error('it was opened'),
      (reason: Error) => reason,
    );
    expect(error).toMatchObject(fault(message));
    expect(error.message).toContain(key);
    // Nothing of the key itself.
    for (const line of pilot.pem.split('\n').slice(1, -2)) expect(JSON.stringify(error)).not.toContain(line);
  });

  test('is refused when it is not there, or a folder', async () => {
    await expect(open({ key: join(folder, 'none') })).rejects.toMatchObject(fault(`no key ${join(folder, 'none')}`));
    await expect(open({ key: folder })).rejects.toMatchObject(fault('cannot be read (EISDIR)'));
  });
});

describe('a certificate', () => {
  test.each([
    ['in DER', Buffer.from('3082', 'hex').toString('latin1'), 'is not PEM'],
    ['damaged', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', 'is damaged'],
    ['one of two', certificate(pilot, VALID) + certificate(other, VALID), 'holds 2 certificates'],
    ['of an elliptic curve', certificate(curve, VALID), 'is of type ec'],
    ['of a short key', certificate(small, VALID), 'is RSA with 1024 bits'],
    [
      'for servers',
      certificate(pilot, { ...VALID, extensions: [extendedKeyUsage('serverAuth')] }),
      'is not for signing programs',
    ],
    [
      'for servers too',
      certificate(pilot, { ...VALID, extensions: [extendedKeyUsage('serverAuth', 'codeSigning')] }),
      'is not for signing programs',
    ],
    [
      'for certificates alone',
      certificate(pilot, { ...VALID, extensions: [keyUsage(0x04, true)] }),
      'lacks digitalSignature',
    ],
  ])('is refused when it is %s', async (_, text, message) => {
    await expect(open({ certificate: file(text) })).rejects.toMatchObject(fault(message));
  });

  test('is refused when it is not there', async () => {
    await expect(open({ certificate: '/none.crt' })).rejects.toMatchObject(fault('no certificate /none.crt'));
  });
});

describe('the certificate of a bundle', () => {
  test.each([
    ['without a purpose', [], 'is not for signing code: its extended key usage is absent'],
    ['for servers', [extendedKeyUsage('serverAuth')], 'is not for signing code: its extended key usage is 1.3.6.1'],
  ])('is refused when it is %s', async (_, extensions, message) => {
    const { environment, signal } = workshop(join(folder, `shop-${count++}`));
    const own = {
      key: keyFile,
      certificate: file(certificate(pilot, { ...VALID, extensions })),
      module: '',
      pinFile: '',
    };
    const options = { environment, signal, epoch: EPOCH, folder, tools: '/nonexistent', keyring: '' };
    await expect(openBundleSigner(own, options)).rejects.toMatchObject(fault(message));
  });
});

describe('the key of releases', () => {
  const openRelease = async (own: Partial<SigningKey>, epoch = EPOCH) => {
    const { environment, signal } = workshop(join(folder, `shop-${count++}`));
    const signing = { key: keyFile, certificate: certificateFile, module: '', pinFile: '', ...own };
    return openReleaseSigner(signing, { environment, signal, epoch, folder, tools: '/nonexistent' });
  };
  const encrypted = pilot.key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'brine' });

  test('opens with a certificate for whatever, for nobody but its owner reads that', async () => {
    const forServers = certificate(pilot, { ...VALID, extensions: [extendedKeyUsage('serverAuth')] });
    await expect(openRelease({ certificate: file(forServers) })).resolves.toBeDefined();
  });

  test.each<[string, Partial<SigningKey>, string]>([
    ['encrypted', { key: file(encrypted.toString()) }, 'is encrypted'],
    ['of an elliptic curve', { key: file(curve.pem) }, 'is of type ec'],
    ['of another certificate', { key: file(other.pem) }, 'do not belong together'],
    ['of no known form', { key: file('untrusted comment: minisign') }, 'is no private key in PEM'],
    [
      'not for signatures',
      { certificate: file(certificate(pilot, { ...VALID, extensions: [keyUsage(4, true)] })) },
      'lacks digitalSignature',
    ],
    ['in a token without a module', { key: 'pkcs11:token=reef;object=pilot' }, 'no module is named'],
  ])('is refused when it is %s', async (_, own, message) => {
    await expect(openRelease(own)).rejects.toMatchObject(fault(message));
  });

  test('is refused when its certificate is expired at the epoch of the image', async () => {
    await expect(openRelease({}, Date.UTC(2031, 0, 1) / 1000)).rejects.toMatchObject(fault('is expired at 2031'));
  });

  test.each<[string, Partial<SigningKey>]>([
    ['key', { key: 'keys/release.key' }],
    ['certificate', { certificate: 'keys/release.crt' }],
  ])('is told how to be had when there is no %s', async (what, own) => {
    await expect(openRelease(own)).rejects.toMatchObject({
      ...fault(`no ${what} ${join(folder, 'keys/release.')}`),
      hint: expect.stringContaining('caisson keys new') as string,
    });
  });
});

describe('a key in a token', () => {
  const uri = 'pkcs11:token=reef;object=pilot';
  test.each<[string, Partial<SigningKey>, string]>([
    ['without a module', { key: uri }, 'no module is named'],
    ['with a module that is not there', { key: uri, module: '/none.so' }, 'no PKCS#11 module /none.so'],
    ['with two PINs', { key: `${uri}?pin-source=/run/pin`, module: '/none.so', pinFile: '/run/pin' }, 'named twice'],
    ['with a URI that is none', { key: 'pkcs11:reef', module: '/none.so' }, 'the URI of the key'],
  ])('is refused %s', async (_, signing, message) => {
    await expect(open(signing)).rejects.toMatchObject(fault(message));
  });
});
