/** Signing a small image: with the key here, with the key elsewhere, and with what is no key. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { caisson, inTree, PROJECT, type CliResult } from '../support/caisson.ts';
import { digest } from '../support/provisioned.ts';
import { shareTools } from '../support/skiff.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'signing');
const at = (...names: string[]): string => path.join(folder, ...names);

/** Each cache has a store of its own. */
const run = async (cache: string, ...args: string[]): Promise<CliResult> =>
  caisson([...args, '--plain'], { cwd: at('ketch'), cache: at(cache) });

beforeAll(async () => {
  await cp(path.join(PROJECT, 'test/fixtures/ketch'), at('ketch'), { recursive: true });
  await mkdir(at('ketch/rootfs-manifests'));
  await cp(path.join(PROJECT, 'rootfs-manifests/tools.yaml'), at('ketch/rootfs-manifests/tools.yaml'));
  for (const cache of ['one', 'two', 'three']) await shareTools(at(cache), own.cache);
  for (const name of ['keys', 'other']) {
    const { exitCode, stderr } = await run('one', 'keys', 'new', name);
    if (exitCode !== 0) throw new Error(stderr);
  }
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const image = (out: string): string => at('ketch', out, 'ketch/ketch.raw');

describe('a key that is elsewhere', () => {
  let online: CliResult;
  beforeAll(async () => {
    online = await run('one', 'build', 'ketch', '--out', 'online');
  });

  it('signs what was asked for, and the image has the same bytes as with the key here', async () => {
    expect(online.exitCode, online.stderr).toBe(0);
    // Without it.
    const exported = await run('two', 'build', 'ketch', '--unsigned', 'wanted', '--set', 'signing.key=nowhere.key');
    expect(exported.stderr).toBe('');
    expect(exported.stdout).toContain('wanted: 3 programs of ketch wait for a signature');
    expect(existsSync(image('out'))).toBe(false);
    const early = await run('two', 'attach-signatures', 'ketch', 'wanted');
    expect(early.stderr).toContain('3 of 3 programs are not signed yet');
    expect(early.exitCode).toBe(2);
    await signWith('keys');
    const attached = await run('two', 'attach-signatures', 'ketch', 'wanted', '--set', 'signing.key=nowhere.key');
    expect(attached.exitCode, attached.stderr).toBe(0);
    expect(await digest(image('out'))).toBe(await digest(image('online')));
  });

  it('is refused when it is another, and no image is left', async () => {
    await signWith('other');
    const { exitCode, stderr } = await run('three', 'attach-signatures', 'ketch', 'wanted', '--out', 'foreign');
    expect(stderr).toContain('is not one of it by the certificate');
    expect(exitCode).toBe(1);
    expect(existsSync(image('foreign'))).toBe(false);
  });

  it('is refused when it has another time, which would be other bytes', async () => {
    await signWith('keys', 's/-time [0-9]*/-time 1700000000/');
    const { exitCode, stderr } = await run('three', 'attach-signatures', 'ketch', 'wanted', '--out', 'late');
    expect(stderr).toContain('with the time 231114221320Z, not with the image');
    expect(exitCode).toBe(1);
    expect(existsSync(image('late'))).toBe(false);
  });

  it('is refused for another image', async () => {
    const { exitCode, stderr } = await run('three', 'attach-signatures', 'ketch', 'wanted', '--set', 'version=2');
    expect(stderr).toContain('wanted is of ketch 7.1, not of ketch 2');
    expect(exitCode).toBe(2);
    await signWith('keys');
    const changed = await run('three', 'attach-signatures', 'ketch', 'wanted', '--set', 'verifiedBoot=on');
    expect(changed.stderr).toContain('the image has changed since');
    expect(changed.exitCode).toBe(1);
  });

  it('cannot be asked twice into one folder, or for an image that signs nothing', async () => {
    const again = await run('two', 'build', 'ketch', '--unsigned', 'wanted');
    expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('wanted is there already')]);
    await writeFile(at('ketch/requests.json'), '{}');
    const none = await run('two', 'attach-signatures', 'ketch', '.');
    expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('requests.json is no list of requests')]);
  });
});

describe('nothing of the key', () => {
  it('is in store, logs or output', async () => {
    const secret = (await readFile(at('ketch/keys/db.key'), 'utf8')).split('\n')[3] ?? 'none';
    expect(secret).toHaveLength(64);
    const files = [at('one/store'), at('one/logs'), at('ketch/online')].map(async each =>
      (await readdir(each, { recursive: true, withFileTypes: true }))
        .filter(entry => entry.isFile())
        .map(entry => path.join(entry.parentPath, entry.name)),
    );
    for (const file of (await Promise.all(files)).flat())
      expect((await readFile(file)).includes(secret), file).toBe(false);
  });
});

describe('what is no key', () => {
  it.each([
    ['signing.key=keys/KEK.key', 'keys/KEK.key'],
    ['signing.key=keys/none.key', 'keys/none.key'],
    ['signing.certificate=keys/db.key', 'keys/db.key'],
    ['epoch="2061-01-01T00:00:00Z"', 'keys/db.crt'],
  ])('%s is one error with its file, and leaves nothing', async (set, named) => {
    const { exitCode, stderr } = await run('three', 'build', 'ketch', '--set', set, '--out', 'faulty');
    expect(stderr).toMatch(/^error: .*\n {4}hint: .*$/);
    expect(stderr).toContain(named);
    expect(exitCode).toBe(2);
    expect(existsSync(image('faulty'))).toBe(false);
  });
});

/** As somebody without Caisson does it. */
async function signWith(keys: string, change = ''): Promise<void> {
  const script = `sed '${change}' wanted/sign.sh >wanted/changed.sh && sh wanted/changed.sh ${keys}/db.crt ${keys}/db.key`;
  const argv = ['sh', '-c', script];
  await inTree(tools, at('ketch'), argv, { binds: [] });
}
