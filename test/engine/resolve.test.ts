import { fileURLToPath } from 'node:url';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../pipeline/config/types.ts';
import { PackageFault } from '../../pipeline/engine/fault.ts';
import type { ProgramOptions, Programs } from '../../pipeline/engine/programs.ts';
import { recordedResolution, resolvePackages } from '../../pipeline/engine/resolve.ts';
import { ProcessFailure, runProcess } from '../../pipeline/engine/run.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { manifestOf as anyManifest } from '../stages/documents.ts';

/** Its keyring must be there: it is copied to where apt finds it. */
const manifestOf = (own: Parameters<typeof anyManifest>[0] = {}): ReturnType<typeof anyManifest> =>
  anyManifest({ keyring: fileURLToPath(import.meta.url), ...own });

const folder = scratchDirectory();
let count = 0;
const { signal } = new AbortController();

const URIS = [
  "'http://mirror.example/debian/pool/r/rope/rope_1.2%2bb1-3_amd64.deb' rope_4%3a1.2+b1-3_amd64.deb 77 SHA256:11",
  "'http://mirror.example/debian/pool/a/anchor/anchor_9_all.deb' anchor_9_all.deb 66 SHA256:22",
].join('\n');
const STANZAS = [
  'Package: rope\nVersion: 4:1.2+b1-3\nArchitecture: amd64\nDepends: hemp\nFilename: pool/r/rope/rope_1.2+b1-3_amd64.deb\nSize: 77\nSHA256: 11',
  // The mirror's other suite has an older one.
  'Package: rope\nVersion: 4:1.1-3\nArchitecture: amd64\nFilename: pool/r/rope/rope_1.1-3_amd64.deb\nSize: 70\nSHA256: 10',
  'Package: anchor\nVersion: 9\nArchitecture: all\nSize: 66\nSHA256: 22\nFilename: pool/a/anchor/anchor_9_all.deb',
].join('\n\n');

interface Call {
  argv: readonly string[];
  options: ProgramOptions;
}

/** apt that answers by a word of its arguments. */
function apt(answers: Record<string, string | Error> = {}): Programs & { calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    run: (argv, options) => {
      calls.push({ argv, options });
      const all: Record<string, string | Error> = {
        update: '',
        '--print-uris': URIS,
        show: STANZAS,
        pkgnames: 'rope\nanchor\nkraken\n',
        ...answers,
      };
      const [answer] = Object.entries(all).flatMap(([word, text]) => (argv.includes(word) ? [text] : []));
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? '');
    },
  };
}

const places = (): { resolutions: string; apt: string; signal: AbortSignal } => {
  const own = join(folder, `${count++}`);
  return { resolutions: join(own, 'resolutions'), apt: join(own, 'apt'), signal };
};
const failure = async (line: string): Promise<ProcessFailure> =>
  runProcess(['sh', '-c', 'echo "$1"; exit 100', 'sh', line], { env: { PATH: '/usr/bin:/bin' }, signal }).then(
    () => {
      throw new Error('it ended well');
    },
    (error: unknown) => error as ProcessFailure,
  );

describe('resolvePackages', () => {
  test('gives what apt would fetch, by name, each with its stanza and without its place in the archive', async () => {
    const { packages } = await resolvePackages(manifestOf(), { ...places(), programs: apt() });
    expect(packages).toEqual([
      {
        name: 'anchor',
        version: '9',
        architecture: 'all',
        uri: 'http://mirror.example/debian/pool/a/anchor/anchor_9_all.deb',
        bytes: 66,
        sha256: '22',
        stanza: 'Package: anchor\nVersion: 9\nArchitecture: all\nSize: 66\nSHA256: 22',
      },
      {
        name: 'rope',
        version: '4:1.2+b1-3',
        architecture: 'amd64',
        uri: 'http://mirror.example/debian/pool/r/rope/rope_1.2%2bb1-3_amd64.deb',
        bytes: 77,
        sha256: '11',
        stanza: 'Package: rope\nVersion: 4:1.2+b1-3\nArchitecture: amd64\nDepends: hemp\nSize: 77\nSHA256: 11',
      },
    ]);
  });

  test('of a mirror whose URL has escapes that are no UTF-8', async () => {
    const uris = URIS.replaceAll('mirror.example/', 'mate:%ff@mirror.example/%fe/');
    const { packages } = await resolvePackages(manifestOf(), {
      ...places(),
      programs: apt({ '--print-uris': uris }),
    });
    expect(packages.map(each => each.uri)).toEqual([
      'http://mate:%ff@mirror.example/%fe/debian/pool/a/anchor/anchor_9_all.deb',
      'http://mate:%ff@mirror.example/%fe/debian/pool/r/rope/rope_1.2%2bb1-3_amd64.deb',
    ]);
  });

  test('asks as an empty system with the manifest’s sources alone', async () => {
    const where = places();
    const programs = apt();
    await resolvePackages(manifestOf(), { ...where, programs });
    expect(programs.calls.map(call => call.argv.join(' '))).toEqual([
      'apt-get --quiet --error-on=any update',
      'apt-get install --print-uris -qq -y ?essential rope anchor',
      'apt-cache show rope anchor',
    ]);
    const [directory = ''] = new Set(programs.calls.map(call => call.options.directory));
    expect(
      programs.calls.every(
        call => call.options.env?.APT_CONFIG === '/mnt/work/apt.conf' && call.options.directory === directory,
      ),
    ).toBe(true);
    expect(readFileSync(join(directory, 'status'), 'utf8')).toBe('');
    expect(readFileSync(join(directory, 'sources.list'), 'utf8')).toContain(
      'http://mirror.example/debian experimental main contrib',
    );
    expect(readFileSync(join(directory, 'apt.conf'), 'utf8')).toContain('Dir "/mnt/work";');
    expect(readdirSync(join(directory, 'state/lists'))).toEqual(['partial']);
  });

  test('manifests with the same sources share apt’s lists; others do not', async () => {
    const where = places();
    for (const own of [
      {},
      { packages: ['other'] },
      { keyring: fileURLToPath(new URL('steps.ts', import.meta.url)) },
      { components: ['main'] },
    ])
      await resolvePackages(manifestOf(own), { ...where, programs: apt() });
    expect(readdirSync(where.apt)).toHaveLength(3);
  });

  test('a package that no mirror has, with all names that there are', async () => {
    const programs = apt({ '--print-uris': await failure('E: Unable to locate package krakne') });
    const error: unknown = await resolvePackages(manifestOf(), { ...places(), programs }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PackageFault);
    expect(error).toMatchObject({
      packageName: 'krakne',
      message: 'no package "krakne" in sid of http://mirror.example/debian',
      manifest: { name: 'cargo' },
      known: expect.arrayContaining(['kraken']) as string[],
    });
  });

  test.each(['--print-uris', 'update'])(
    'another failure of %s stays what it is, and nothing is recorded',
    async word => {
      const where = places();
      const error = await failure('E: The repository is not signed');
      await expect(resolvePackages(manifestOf(), { ...where, programs: apt({ [word]: error }) })).rejects.toBe(error);
      expect(await recordedResolution(where.resolutions, manifestOf())).toBeNull();
    },
  );

  test('a mirror whose index cannot be had is one fault, and nothing is recorded', async () => {
    const where = places();
    const lines = [
      'Err:1 http://mirror.example/debian sid InRelease',
      '  Could not connect to mirror.example:80 (10.9.8.7). - connect (111: Connection refused)',
      'E: Some index files failed to download. They have been ignored, or old ones used instead.',
    ];
    const programs = apt({ update: await failure(lines.join('\n')) });
    await expect(resolvePackages(manifestOf(), { ...where, programs })).rejects.toMatchObject({
      name: 'BuildFault',
      message:
        'rootfs-manifests/cargo.yaml: the index of its mirror could not be fetched: http://mirror.example/debian sid InRelease: Could not connect to mirror.example:80 (10.9.8.7). - connect (111: Connection refused)',
      hint: expect.stringContaining('leave out --update') as string,
    });
    expect(await recordedResolution(where.resolutions, manifestOf())).toBeNull();
  });

  test('stopped while it asks, it is no fault of the mirror', async () => {
    const reason = new Error('interrupted');
    await expect(resolvePackages(manifestOf(), { ...places(), programs: apt({ update: reason }) })).rejects.toBe(
      reason,
    );
  });

  test('a keyring that is not there', async () => {
    const keyring = join(folder, 'no-such.gpg');
    await expect(resolvePackages(manifestOf({ keyring }), { ...places(), programs: apt() })).rejects.toMatchObject({
      name: 'BuildFault',
      message: expect.stringMatching(/^the keyring \S+no-such\.gpg cannot be read: ENOENT/) as string,
    });
  });

  test('a file that apt-cache does not show is our mistake', async () => {
    await expect(
      resolvePackages(manifestOf(), { ...places(), programs: apt({ show: 'Package: rope\nFilename: x' }) }),
    ).rejects.toThrow('apt means to fetch http://mirror.example/debian/pool/r/rope/rope_1.2%2bb1-3_amd64.deb, but');
  });
});

describe('recordedResolution', () => {
  const recorded = async (): Promise<{ resolutions: string; digest: string }> => {
    const where = places();
    const { digest } = await resolvePackages(manifestOf(), { ...where, programs: apt() });
    return { resolutions: where.resolutions, digest };
  };

  test('is what was resolved', async () => {
    const { resolutions, digest } = await recorded();
    expect(await recordedResolution(resolutions, manifestOf())).toMatchObject({
      manifest: 'cargo',
      digest,
      packages: [{ name: 'anchor' }, { name: 'rope' }],
    });
  });

  test.each<[string, Partial<Manifest>]>([
    ['packages', { packages: ['rope'] }],
    ['suite', { suite: 'trixie' }],
    ['components', { components: ['main'] }],
    ['mirrors', { mirrors: [{ url: 'http://other.example/', suites: ['sid'] }] }],
    ['keyring', { keyring: fileURLToPath(new URL('steps.ts', import.meta.url)) }],
    ['variant', { variant: 'extract' }],
    ['name', { name: 'freight' }],
  ])('is none for other %s', async (_, own) => {
    const { resolutions } = await recorded();
    expect(await recordedResolution(resolutions, manifestOf(own))).toBeNull();
  });

  test.each<[string, Partial<Manifest>]>([
    ['users', { users: [{ name: 'mate', uid: 7, gid: 7, gecos: '', home: '/m', shell: '/s' }] }],
    ['removals', { remove: ['/x'], removePackages: ['y'], exclude: ['/z'] }],
    ['file', { file: '/elsewhere/cargo.yaml' }],
  ])('stays for other %s, which apt is not asked about', async (_, own) => {
    const { resolutions } = await recorded();
    expect(await recordedResolution(resolutions, manifestOf(own))).not.toBeNull();
  });

  test('is none when the record cannot be read, or answers another question', async () => {
    const { resolutions } = await recorded();
    const [name = ''] = readdirSync(resolutions);
    const record = readFileSync(join(resolutions, name), 'utf8');
    writeFileSync(join(resolutions, name), record.replace(/"question": "../, '"question": "zz'));
    expect(await recordedResolution(resolutions, manifestOf())).toBeNull();
    writeFileSync(join(resolutions, name), record.slice(0, 100));
    expect(await recordedResolution(resolutions, manifestOf())).toBeNull();
    mkdirSync(join(folder, 'empty'));
    expect(await recordedResolution(join(folder, 'empty'), manifestOf())).toBeNull();
  });

  test('its digest follows the packages, not their stanzas', async () => {
    const { digest } = await recorded();
    const other = async (from: string, to: string): Promise<string> =>
      (await resolvePackages(manifestOf(), { ...places(), programs: apt({ show: STANZAS.replace(from, to) }) })).digest;
    expect(await other('Depends: hemp', 'Depends: sisal')).toBe(digest);
    expect(await other('SHA256: 11', 'SHA256: 99')).not.toBe(digest);
  });
});
