/** Signing with a key in a token: SoftHSM on the host, with a token of its own below the scratch folder. */
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SigningKey } from '../../pipeline/config/types.ts';
import { openBundleSigner, openReleaseSigner, openSigner } from '../../pipeline/engine/signer.ts';
import type { OpenSigner } from '../../pipeline/engine/signer/types.ts';
import { testEnvironment } from '../support/caisson.ts';
import { workplace } from '../support/provisioned.ts';

const builds = inject('builds');
const { folder, at, run, cli } = workplace(builds, 'pkcs11');
const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const [PIN, EPOCH] = ['7913-kelp', 1_600_000_000];
const environment = { ...testEnvironment(at('cache')), inherited: { SOFTHSM2_CONF: at('softhsm.conf') } };
const URI = 'pkcs11:token=harbour%20keys;object=pilot';

const open = async (own: Partial<SigningKey>, change: Partial<typeof environment> = {}): Promise<OpenSigner> =>
  openSigner(
    { key: URI, certificate: 'pilot.crt', module: MODULE, pinFile: 'pin', ...own },
    {
      environment: { ...environment, ...change },
      tools: builds.tools,
      folder,
      epoch: EPOCH,
      signal: new AbortController().signal,
    },
  );

beforeAll(async () => {
  await mkdir(at('tokens'), { recursive: true });
  await writeFile(at('softhsm.conf'), `directories.tokendir = ${at('tokens')}\nobjectstore.backend = file\n`);
  for (const [name, text] of Object.entries({
    pin: `${PIN}\n`,
    'other-pin': '1234\n',
    'open-pin': PIN,
    'no-pin': '',
  })) {
    await writeFile(at(name), text, { mode: 0o600 });
    if (name === 'open-pin') await chmod(at(name), 0o644);
  }
  for (const name of ['pilot', 'other'])
    await run(
      'openssl',
      'req',
      '-new',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `/mnt/work/${name}.key`,
      '-out',
      `/mnt/work/${name}.crt`,
      '-not_before',
      '20200101000000Z',
      '-not_after',
      '20400101000000Z',
    );
  const softhsm = async (...args: string[]) => execa('softhsm2-util', args, { env: environment.inherited });
  await softhsm('--init-token', '--free', '--label', 'harbour keys', '--pin', PIN, '--so-pin', '87654321');
  await softhsm('--import', at('pilot.key'), '--token', 'harbour keys', '--label', 'pilot', '--id', '07', '--pin', PIN);
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
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The request as `signing` signs it. */
async function signed(name: string, signing: Partial<SigningKey>): Promise<Buffer> {
  const signer = await open(signing);
  try {
    await signer.sign({ work: folder, request: at('request.p7'), signed: at(name), epoch: EPOCH });
  } finally {
    await signer.close();
  }
  return readFile(at(name));
}

/** The command lines of all processes now. */
async function commandLines(): Promise<string[]> {
  const ids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  return Promise.all(ids.map(async id => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
}

/** p11-kit gives its server another name. */
const served = (line: string): boolean => /^server\0--foreground\0.*token=(harbour|reef)/s.test(line);

describe('a key in a token', () => {
  it('gives the same bytes as that key in a file, and a signature that sbverify accepts', async () => {
    const byFile = await signed('file.p7', { key: at('pilot.key'), module: '', pinFile: '' });
    expect((await signed('token.p7', {})).equals(byFile)).toBe(true);
    const source = `${URI.replace('object=pilot', 'id=%07')}?pin-source=file:${at('pin')}`;
    expect((await signed('source.p7', { key: source, pinFile: '' })).equals(byFile)).toBe(true);
    await run(
      'osslsigncode',
      'attach-signature',
      '-time',
      String(EPOCH),
      '-CAfile',
      '/mnt/work/pilot.crt',
      '-sigin',
      '/mnt/work/token.p7',
      '-in',
      '/usr/lib/shim/shimx64.efi',
      '-out',
      '/mnt/work/signed.efi',
    );
    expect(await run('sbverify', '--cert', '/mnt/work/pilot.crt', '/mnt/work/signed.efi')).toContain(
      'Signature verification OK',
    );
    await expect(run('sbverify', '--cert', '/mnt/work/other.crt', '/mnt/work/signed.efi')).rejects.toThrow('sbverify');
  });

  it('signs bundles too, with the same bytes as that key in a file', async () => {
    const made = await cli('keys', 'new', at('update-keys'));
    expect(made.exitCode, made.stderr).toBe(0);
    const [key, certificate] = [at('update-keys/update.key'), at('update-keys/update.crt')];
    await execa(
      'softhsm2-util',
      ['--import', key, '--token', 'harbour keys', '--label', 'purser', '--id', '09', '--pin', PIN],
      { env: environment.inherited },
    );
    await writeFile(at('manifest'), '[update]\ncompatible=reef\n');
    const signedBy = async (name: string, signing: Partial<SigningKey>): Promise<Buffer> => {
      const signer = await openBundleSigner(
        { key: URI.replace('pilot', 'purser'), certificate, module: MODULE, pinFile: 'pin', ...signing },
        {
          environment,
          tools: builds.tools,
          folder,
          epoch: EPOCH,
          signal: new AbortController().signal,
          keyring: await readFile(at('update-keys/update-ca.crt'), 'utf8'),
        },
      );
      try {
        await signer.sign({ work: folder, request: at('manifest'), signed: at(name), epoch: EPOCH });
      } finally {
        await signer.close();
      }
      return readFile(at(name));
    };
    const byFile = await signedBy('file.cms', { key, module: '', pinFile: '' });
    expect((await signedBy('token.cms', {})).equals(byFile)).toBe(true);
    await expect(signedBy('other.cms', { key: URI })).rejects.toMatchObject({
      message: expect.stringContaining('do not belong together') as string,
    });
    const trust = ['-CAfile', '/mnt/work/update-keys/update-ca.crt', '-purpose', 'codesign'];
    const read = [
      'cms',
      '-verify',
      '-binary',
      '-inform',
      'DER',
      '-in',
      '/mnt/work/token.cms',
      '-out',
      '/mnt/work/read',
    ];
    await run('openssl', ...read, ...trust);
    expect(await readFile(at('read'), 'utf8')).toBe('[update]\ncompatible=reef\n');
  });

  it('signs files of releases too, as openssl-dgst does with that key in a file', async () => {
    await writeFile(at('SHA256SUMS'), `${'0'.repeat(64)}  reef.vhdx\n`);
    const signing = { key: URI, certificate: 'pilot.crt', module: MODULE, pinFile: 'pin' };
    const options = { environment, tools: builds.tools, folder, epoch: EPOCH, signal: new AbortController().signal };
    const signer = await openReleaseSigner(signing, options);
    try {
      await signer.sign({ work: folder, request: at('SHA256SUMS'), signed: at('token.sig'), epoch: EPOCH });
    } finally {
      await signer.close();
    }
    const file = ['-out', '/mnt/work/file.sig', '/mnt/work/SHA256SUMS'];
    await run('openssl', 'dgst', '-sha256', '-sign', '/mnt/work/pilot.key', ...file);
    expect((await readFile(at('token.sig'))).equals(await readFile(at('file.sig')))).toBe(true);
    for (const [pinFile, message] of [
      ['', 'wants a PIN, and none is named'],
      ['other-pin', 'refuses the PIN'],
    ] as const)
      await expect(openReleaseSigner({ ...signing, pinFile }, options)).rejects.toMatchObject({
        name: 'SigningFault',
        message: expect.stringContaining(message) as string,
      });
  });

  it('shows its PIN in no command line, and leaves no process, file or copy of the key behind', async () => {
    const seen = new Set<string>();
    const watch = { on: true };
    const watching = (async () => {
      while (watch.on) for (const line of await commandLines()) seen.add(line);
    })();
    await signed('watched.p7', {});
    watch.on = false;
    await watching;
    expect([...seen].filter(served)).not.toEqual([]);
    expect([...seen].filter(line => line.includes(`osslsigncode\0sign`))).not.toEqual([]);
    expect([...seen].filter(line => line.includes(PIN))).toEqual([]);
    expect((await commandLines()).filter(served)).toEqual([]);
    expect(await readdir(at('cache/scratch'))).toEqual([]);
  });

  it.each<[string, Partial<SigningKey>, string]>([
    ['no module', { module: at('none.so') }, 'no PKCS#11 module '],
    ['a module that is none', { module: '/usr/lib/x86_64-linux-gnu/libc.so.6' }, 'does not load'],
    ['no such token', { key: 'pkcs11:token=reef;object=pilot' }, 'has no token pkcs11:token=reef'],
    [
      'no such key',
      { key: 'pkcs11:token=harbour%20keys;object=reef' },
      'no private key pkcs11:token=harbour%20keys;object=reef',
    ],
    ['no PIN', { pinFile: '' }, 'wants a PIN, and none is named'],
    ['a wrong PIN', { pinFile: at('other-pin') }, 'refuses the PIN in '],
    ['a PIN that others may read', { pinFile: at('open-pin') }, 'its mode is 0644'],
    ['an empty PIN file', { pinFile: at('no-pin') }, 'is empty, or no file'],
    ['the certificate of another key', { certificate: at('other.crt') }, 'do not belong together'],
  ])('is refused with %s', async (_, signing, message) => {
    const error: Error = await open(signing).then(
      async signer => signer.close().then(() => new Error('it was opened')),
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ name: 'SigningFault', message: expect.stringContaining(message) as string });
    expect(await readdir(at('cache/scratch')).catch(() => [])).toEqual([]);
    expect((await commandLines()).filter(served)).toEqual([]);
  });

  it('is refused on a host without p11-kit, by the name of the package', async () => {
    await mkdir(at('bin'));
    for (const name of ['setpriv', 'bwrap']) await symlink(`/usr/bin/${name}`, at(`bin/${name}`));
    await expect(open({}, { path: at('bin') })).rejects.toMatchObject({ hint: 'apt-get install p11-kit' });
  });
});
