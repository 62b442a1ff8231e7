import { describe, expect, it } from 'vitest';
import { readSignatures } from '../../pipeline/formats/authenticode.ts';
import { certificateName } from '../../pipeline/formats/certificate.ts';
import { made, spyOn } from './made.ts';

/** Made by openssl, with a subject of O=Reef, L=Below. */
const NAMELESS = Buffer.from(
  'MIIBljCCATugAwIBAgIUWEwCfjaisDLiefuqenGXRMmdHVowCgYIKoZIzj0EAwIwHzENMAsGA1UECgwEUmVlZjEOMAwGA1UEBwwFQmVsb3cwIBcNMjYxMTI3MDAwNTEwWhgPMjEyNjExMDMwMDA1MTBaMB8xDTALBgNVBAoMBFJlZWYxDjAMBgNVBAcMBUJlbG93MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEX+DCrLfcOWAYTDO1KmUYZ+POTr1u50P8mWN+8mCDeIkNg32TojxEhXW0StOgH3aQaFIzxn+JWwvIuc4JkhVYg6NTMFEwHQYDVR0OBBYEFM5HibcyZBAkJa4X6Gj9QQQ5HWhDMB8GA1UdIwQYMBaAFM5HibcyZBAkJa4X6Gj9QQQ5HWhDMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhANynnEFfiMwTNhezw/5Af8zBCzLB41N7NQhBvPpbKrV4AiEA+tT+LEIPryhw1Mct1m40NOBMDO3ouY1uS8V4UJ91Pms=',
  'base64',
);

describe('certificateName', () => {
  it('is the common name, else the whole subject, else nothing', async () => {
    const bytes = made('uki-signed');
    const [signature] = await readSignatures(spyOn(bytes).read, bytes.length);
    expect(certificateName(signature?.certificates[0] ?? new Uint8Array(0))).toBe('reef');
    expect(certificateName(NAMELESS)).toBe('O=Reef, L=Below');
    expect(certificateName(Buffer.from('kelp'))).toBe('');
  });
});
