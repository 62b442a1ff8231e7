/** `caisson keys new`, as openssl, efitools, sbverify and virt-firmware read what it makes. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openSigner } from '../../pipeline/engine/signer.ts';
import { encodeGuid } from '../../pipeline/formats/guid.ts';
import { testEnvironment, type CliResult } from '../support/caisson.ts';
import { workplace } from '../support/provisioned.ts';

const builds = inject('builds');
const { folder, at, run, cli } = workplace(builds, 'keys');
const GLOBAL = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
const SECURITY = 'd719b2cb-3d3a-4596-a3bc-dad00e67656f';
/** With all that divides names in openssl's option. */
const NAME = String.raw`Reef/CN=Eel + Söhne \ 1`;
const NAMES = ['PK', 'KEK', 'db'];
const LONGER = ['update-ca', 'update', 'release'];

/** What making them printed. */
let told: CliResult;

beforeAll(async () => {
  await mkdir(at('made'), { recursive: true });
  told = await cli('keys', 'new', at('made'), '--name', NAME);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('caisson keys new', () => {
  it('makes a folder of its owner’s alone, of all files, the keys unreadable to others', async () => {
    expect(told).toMatchObject({ exitCode: 0, stderr: '' });
    expect(told.stdout).toContain(`key: "${at('made/db.key')}"`);
    expect(told.stdout).toContain(`certificate: "${at('made/release.crt')}"`);
    expect(told.stdout).toContain(`keyring: "${at('made/update-ca.crt')}"`);
    expect((await stat(at('made'))).mode & 0o777).toBe(0o700);
    const modes = await Promise.all(
      (await readdir(at('made'))).map(async name => [
        name,
        ((await stat(at(`made/${name}`))).mode & 0o777).toString(8),
      ]),
    );
    expect(Object.fromEntries(modes)).toEqual(
      Object.fromEntries([
        ...NAMES.flatMap(name => [
          ...['crt', 'cer', 'esl', 'auth'].map(each => [`${name}.${each}`, '644']),
          [`${name}.key`, '600'],
        ]),
        ...LONGER.flatMap(name => [
          [`${name}.crt`, '644'],
          [`${name}.key`, '600'],
        ]),
        ['GUID', '644'],
        ['noPK.auth', '644'],
      ]),
    );
    expect((await readdir(folder)).filter(name => name.includes('.part-'))).toEqual([]);
  });

  it.each(NAMES)('gives %s a certificate with fixed dates, in PEM, in DER and in a list of its owner', async name => {
    const [file, owner] = [`/mnt/work/made/${name}`, (await readFile(at('made/GUID'), 'utf8')).trim()];
    expect(
      await run(
        'openssl',
        'x509',
        '-in',
        `${file}.crt`,
        '-noout',
        '-subject',
        '-dates',
        '-nameopt',
        'utf8,sep_comma_plus',
      ),
    ).toBe(
      `subject=O=${NAME},CN=${NAME} ${name}\nnotBefore=Jan  1 00:00:00 2020 GMT\nnotAfter=Dec 31 23:59:59 2049 GMT`,
    );
    expect(await run('openssl', 'pkey', '-in', `${file}.key`, '-pubout')).toBe(
      await run('openssl', 'x509', '-in', `${file}.cer`, '-noout', '-pubkey'),
    );
    expect(await run('openssl', 'verify', '-CAfile', `${file}.crt`, `${file}.crt`)).toContain('OK');
    const listed = await run('sig-list-to-certs', `${file}.esl`, `/mnt/work/${name}-listed`);
    expect(listed.toLowerCase()).toContain(owner);
    expect((await readFile(at(`${name}-listed-0.der`))).equals(await readFile(at(`made/${name}.cer`)))).toBe(true);
  });

  it('makes an update key for bundles alone, issued by an authority for certificates alone', async () => {
    const file = (name: string): string => `/mnt/work/made/${name}`;
    const verify = async (purpose: string, name: string) =>
      run('openssl', 'verify', '-x509_strict', '-purpose', purpose, '-CAfile', file('update-ca.crt'), file(name));
    expect(await verify('codesign', 'update.crt')).toContain('OK');
    await expect(verify('sslserver', 'update.crt')).rejects.toThrow('openssl');
    await expect(verify('codesign', 'update-ca.crt')).rejects.toThrow('openssl');
    for (const name of LONGER) {
      const text = await run('openssl', 'x509', '-in', file(`${name}.crt`), '-noout', '-text', '-dates');
      expect(text).toContain('Public-Key: (3072 bit)');
      expect(text).toContain('notBefore=Jan  1 00:00:00 2020 GMT\nnotAfter=Dec 31 23:59:59 2049 GMT');
      expect(await run('openssl', 'pkey', '-in', file(`${name}.key`), '-pubout')).toBe(
        await run('openssl', 'x509', '-in', file(`${name}.crt`), '-noout', '-pubkey'),
      );
    }
  });

  it.each([
    ['PK.auth', 'PK', 'PK', GLOBAL, 'PK.esl', '00'],
    ['KEK.auth', 'KEK', 'PK', GLOBAL, 'KEK.esl', '00'],
    ['db.auth', 'db', 'KEK', SECURITY, 'db.esl', '00'],
    ['noPK.auth', 'PK', 'PK', GLOBAL, null, '01'],
  ])('signs %s for the variable %s by %s, at a fixed time', async (file, variable, signer, vendor, list, second) => {
    const auth = await readFile(at(`made/${file}`));
    // EFI_VARIABLE_AUTHENTICATION_2: an EFI_TIME, a WIN_CERTIFICATE_UEFI_GUID with the SignedData, the new content.
    const time = auth.subarray(0, 16);
    expect(time.toString('hex')).toBe(`e40701010000${second}000000000000000000`);
    const end = 16 + auth.readUInt32LE(16);
    const content = auth.subarray(end);
    expect(content.equals(list === null ? Buffer.alloc(0) : await readFile(at(`made/${list}`)))).toBe(true);
    const attributes = Buffer.from([0x27, 0, 0, 0]);
    const signed = Buffer.concat([Buffer.from(variable, 'utf16le'), encodeGuid(vendor), attributes, time, content]);
    await writeFile(at('signed'), signed);
    await writeFile(at('signature'), contentInfo(auth.subarray(40, end)));
    const verify = async (by: string) =>
      run(
        'openssl',
        'cms',
        '-verify',
        '-inform',
        'DER',
        '-binary',
        '-in',
        '/mnt/work/signature',
        '-content',
        '/mnt/work/signed',
        '-certfile',
        `/mnt/work/made/${by}.crt`,
        '-CAfile',
        `/mnt/work/made/${by}.crt`,
        '-purpose',
        'any',
        '-out',
        '/dev/null',
      );
    await verify(signer);
    await expect(verify(signer === 'KEK' ? 'db' : 'KEK')).rejects.toThrow('openssl');
    await writeFile(at('signed'), Buffer.concat([signed, Buffer.from([0])]));
    await expect(verify(signer)).rejects.toThrow('openssl');
  });

  it('makes a db key that signs programs', async () => {
    await run(
      'osslsigncode',
      'extract-data',
      '-h',
      'sha256',
      '-in',
      '/usr/lib/shim/shimx64.efi',
      '-out',
      '/mnt/work/request.p7',
    );
    const epoch = Date.UTC(2049, 11, 31) / 1000;
    const { signal } = new AbortController();
    const signer = await openSigner(
      { key: 'made/db.key', certificate: 'made/db.crt', module: '', pinFile: '' },
      { environment: testEnvironment(at('cache')), tools: builds.tools, folder, epoch, signal },
    );
    await signer.sign({ work: folder, request: at('request.p7'), signed: at('signed.p7'), epoch });
    await run(
      'osslsigncode',
      'attach-signature',
      '-time',
      String(epoch),
      '-CAfile',
      '/mnt/work/made/db.crt',
      '-sigin',
      '/mnt/work/signed.p7',
      '-in',
      '/usr/lib/shim/shimx64.efi',
      '-out',
      '/mnt/work/signed.efi',
    );
    expect(await run('sbverify', '--cert', '/mnt/work/made/db.crt', '/mnt/work/signed.efi')).toContain(
      'Signature verification OK',
    );
    await expect(run('sbverify', '--cert', '/mnt/work/made/KEK.crt', '/mnt/work/signed.efi')).rejects.toThrow(
      'sbverify',
    );
  });

  it('never replaces keys', async () => {
    const before = await readFile(at('made/db.key'), 'utf8');
    const { exitCode, stderr } = await cli('keys', 'new', at('made'));
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('keys are never replaced')]);
    expect(await readFile(at('made/db.key'), 'utf8')).toBe(before);
  });

  it('tells all of it as JSON', async () => {
    const { stdout } = await cli('--json', 'keys', 'new', at('second'));
    const document = JSON.parse(stdout) as {
      folder: string;
      owner: string;
      files: string[];
      certificates: { name: string; sha256: string }[];
    };
    expect([...document.files].toSorted()).toEqual((await readdir(at('second'))).toSorted());
    expect(document.owner).toBe((await readFile(at('second/GUID'), 'utf8')).trim());
    for (const { name, sha256 } of document.certificates)
      expect(
        await run('openssl', 'x509', '-in', `/mnt/work/second/${name}.crt`, '-noout', '-fingerprint', '-sha256'),
      ).toBe(`sha256 Fingerprint=${(sha256.toUpperCase().match(/../g) ?? []).join(':')}`);
    expect(document.certificates.map(each => each.name)).toEqual([...NAMES, ...LONGER]);
    expect(stdout).not.toContain('PRIVATE');
  });
});

/** SignedData as UEFI stores it -> the ContentInfo around it (RFC 5652, section 3), as openssl wants it. */
function contentInfo(signedData: Buffer): Buffer {
  const header = (tag: number, length: number): Buffer => Buffer.from([tag, 0x82, length >> 8, length & 0xff]);
  const type = Buffer.from('06092a864886f70d010702', 'hex');
  const inner = Buffer.concat([header(0xa0, signedData.length), signedData]);
  return Buffer.concat([header(0x30, type.length + inner.length), type, inner]);
}
