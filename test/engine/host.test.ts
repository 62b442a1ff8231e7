import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkHost, type HostCheck } from '../../pipeline/engine/host.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { putProgram, workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;

/** A host with these programs and no others. */
async function checks(
  programs: Record<string, string>,
  own: { root?: boolean; version?: string } = {},
): Promise<Map<string, HostCheck>> {
  const shop = workshop(join(folder, `${count++}`));
  const path = join(shop.environment.cache, '../bin');
  mkdirSync(path);
  symlinkSync('/bin/sh', join(path, 'sh'));
  for (const [name, script] of Object.entries(programs)) putProgram(shop, name, script);
  const rows = await checkHost(
    { ...shop.environment, path, root: own.root ?? true, user: 'no-such-sailor', uid: 4_294_900_000 },
    own.version ?? 'v22.1.0',
    shop.signal,
  );
  return new Map(rows.map(row => [row.name, row]));
}

const PROGRAMS = Object.fromEntries(
  ['mmdebstrap', 'bwrap', 'newuidmap', 'unshare', 'apt-get', 'tar'].map(name => [name, 'exit 0']),
);

describe('checkHost', () => {
  test.each([
    ['v20.19.0', true],
    ['v20.18.9', false],
    ['v18.20.0', false],
    ['v21.0.0', true],
    ['v100.0.0', true],
  ])('Node.js %s: %s', async (version, ok) => {
    const check = (await checks({}, { version })).get('Node.js');
    expect(check).toMatchObject({ ok, found: version });
    expect(check?.remedy === '').toBe(ok);
  });

  test('programs that are there, with their place', async () => {
    const found = await checks(PROGRAMS);
    for (const name of Object.keys(PROGRAMS))
      expect(found.get(name)).toMatchObject({
        ok: true,
        found: expect.stringMatching(new RegExp(`/bin/${name}$`)) as string,
        remedy: '',
      });
  });

  test.each([
    ['bwrap', 'apt-get install bubblewrap'],
    ['newuidmap', 'apt-get install uidmap'],
    ['unshare', 'apt-get install util-linux'],
    ['apt-get', 'apt-get install apt'],
    ['mmdebstrap', 'apt-get install mmdebstrap'],
  ])('%s missing: %s', async (name, remedy) =>
    expect((await checks({})).get(name)).toEqual({ name, ok: false, found: 'missing', remedy }),
  );

  test('namespaces are tried, by the program that needs them', async () => {
    expect((await checks(PROGRAMS)).get('user namespaces')).toEqual({
      name: 'user namespaces',
      ok: true,
      found: 'work',
      remedy: '',
    });
    const refused = (await checks({ ...PROGRAMS, bwrap: 'echo "bwrap: No permissions" >&2; exit 1' })).get(
      'user namespaces',
    );
    expect(refused).toMatchObject({
      ok: false,
      found: 'bwrap: No permissions',
      remedy: expect.stringMatching(/./) as string,
    });
    expect(
      (await checks({ ...PROGRAMS, unshare: 'echo "unshare: no" >&2; exit 1' }, { root: false })).get(
        'user namespaces',
      ),
    ).toMatchObject({ ok: false, found: 'unshare: no' });
  });

  test('an ordinary user needs subordinate ids; root does not', async () => {
    const user = await checks(PROGRAMS, { root: false });
    expect(user.get('/etc/subuid')).toMatchObject({
      ok: false,
      found: '0 ids for no-such-sailor',
      remedy: expect.stringContaining('usermod --add-subuids') as string,
    });
    expect(user.get('/etc/subgid')).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('usermod --add-subgids') as string,
    });
    expect((await checks(PROGRAMS)).has('/etc/subuid')).toBe(false);
  });

  test('nothing is said to be missing when it was only stopped', async () => {
    const { environment } = workshop(join(folder, `${count++}`));
    const reason = new Error('Ctrl-C');
    await expect(checkHost(environment, 'v22.1.0', AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('room is looked for where the cache will be', async () =>
    expect((await checks({})).get('disk room')?.found).toMatch(/^[\d.]+ [KMGT]iB free at .*\/cache$/));
});
