import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportSigners, reportVerity } from '../../../../pipeline/commands/build/report/trust.ts';
import { planInput } from '../../../plan/fixture.ts';

/** `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj "/CN=Bosun/O=Galleon" -days 3650`, in 2026. */
const PEM = `-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUCx09W7khGB30nUWJpjPCjCzX8T8wCgYIKoZIzj0EAwIw
IjEOMAwGA1UEAwwFQm9zdW4xEDAOBgNVBAoMB0dhbGxlb24wHhcNMjYxMTI3MTAw
OTIxWhcNMzYxMTI0MTAwOTIxWjAiMQ4wDAYDVQQDDAVCb3N1bjEQMA4GA1UECgwH
R2FsbGVvbjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGIt+iv3FU71yTCU3fsW
M5UZW8Hj8S8PEkoqFaRfDZ1/aXr+Ijjb6V55Z9UZzPmcQWmbzPu1ebitaFwHIXF6
n/qjUzBRMB0GA1UdDgQWBBTMJcccatYnKX+4J8zdqvvDo+ukEzAfBgNVHSMEGDAW
gBTMJcccatYnKX+4J8zdqvvDo+ukEzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49
BAMCA0gAMEUCIQClo3cGIRfYseDCniY3RQjkC+U9RhGa3TzizEnZ2BYgTAIgNoMY
oho1Lkv7xzTTcyZlSt33zrXjaf6nAT+D3ma/d6A=
-----END CERTIFICATE-----`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'caisson-trust-'));
  await writeFile(path.join(folder, 'bosun.crt'), `bag attributes\n${PEM}`);
  await writeFile(path.join(folder, 'torn.crt'), 'no certificate');
});
afterAll(async () => rm(folder, { recursive: true }));

const key = (certificate: string, of = 'x.key') => ({ key: of, certificate, module: '', pinFile: '', firmware: '' });

describe('who signs', () => {
  test('each key that the definition names, by its certificate', async () => {
    const image = {
      ...planInput().image,
      updates: null,
      signing: key('bosun.crt', 'pkcs11:object=bosun'),
      release: null,
    };
    expect(await reportSigners({ image, folder }, { programs: ['/a.efi'], bundles: [] })).toEqual([
      {
        what: 'boot programs',
        key: 'token',
        certificate: 'bosun.crt',
        details: {
          subject: 'CN=Bosun, O=Galleon',
          issuer: 'CN=Bosun, O=Galleon',
          sha256: '181a8ea346ce4365d2c55f3d437f4e4e71170f467722e09445ee935abef89b42',
          until: '2036-11-24',
        },
        signed: ['/a.efi'],
      },
    ]);
  });

  test.each(['torn.crt', 'lost.crt'])('of %s nothing is known', async certificate => {
    const image = { ...planInput().image, updates: null, signing: null, release: key(certificate) };
    expect(await reportSigners({ image, folder }, { programs: [], bundles: [] })).toEqual([
      { what: 'releases', key: 'file', certificate, details: null, signed: [] },
    ]);
  });
});

describe('the hash tree', () => {
  test('by the facts of its step', () => {
    const facts = {
      rootHash: 'c0ffee',
      salt: '5a17',
      dataBlocks: 25,
      hashOffset: 25 * 8192,
      fecOffset: 999,
      fecRoots: 3,
    };
    expect(reportVerity(facts)).toEqual({ ...facts, algorithm: 'sha256', blockSize: 8192 });
  });

  test('none', () => {
    expect(reportVerity({ used: 7 })).toBeNull();
  });
});
