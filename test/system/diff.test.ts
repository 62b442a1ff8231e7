/** `caisson diff` on two real images: skiff, and skiff with one of everything changed. */
import { cp, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Firewall } from '../../pipeline/formats/declaration.ts';
import type { Difference, ImageDifference } from '../../pipeline/formats/difference.ts';
import { declarationOf, FIREWALL } from '../formats/difference/snapshots.ts';
import { asRoot, caisson, CLI } from '../support/caisson.ts';
import { skiff, type Skiff } from '../support/skiff.ts';

const { own, root, user, scratch } = inject('builds');
const folder = path.join(scratch, 'diff');
const MORE: Firewall['allow'][number] = { port: 4711, protocol: 'tcp', from: ['192.0.2.7'], limit: null };

let boat: Skiff;
let found: Difference;
let image: ImageDifference;

beforeAll(async () => {
  boat = await skiff(folder, own.cache);
  await crew('usr/lib/systemd/system/sail.service', '[Service]\nExecStart=/usr/bin/hoist\n');
  await crew('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n');
  await crew('usr/lib/caisson/image.json', JSON.stringify(declarationOf({ image: 'skiff', version: '0.3' })));
  await crew('usr/share/caisson/firewall/rules.v4', '*filter\n-A INPUT -j DROP\nCOMMIT\n');
  await build('old');
  await crew('srv/greeting', 'ahoy, all of you\n');
  await crew('usr/bin/hoist', '#!/bin/sh\n');
  await writeFile(crewPath('overlay.yaml'), 'entries: { /usr/bin/hoist: { mode: "4755", owner: "0:7" } }\n');
  await symlink('/dev/null', crewPath('etc/systemd/system/sail.service'));
  await crew('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nbosun:x:7:7::/srv:/bin/sh\n');
  const allow = [...FIREWALL.allow, MORE];
  const declared = declarationOf({ image: 'skiff', version: '0.4', firewall: { ...FIREWALL, allow } });
  await crew('usr/lib/caisson/image.json', JSON.stringify(declared));
  await crew('usr/share/caisson/firewall/rules.v4', '*filter\n-A INPUT -p tcp -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n');
  const definition = path.join(boat.project, 'pipeline/skiff.yaml');
  const text = await readFile(definition, 'utf8');
  await writeFile(
    definition,
    text.replace('options: { content: sail } }', 'options: { content: sail, cmdline: [jib=up] } }'),
  );
  await build('new');
  const result = await boat.run('diff', 'old/skiff', 'new/skiff', '--json');
  if (result.exitCode !== 0) throw new Error(result.stderr);
  found = JSON.parse(result.stdout) as Difference;
  if (found.image === null) throw new Error('no images');
  image = found.image;
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const crewPath = (name: string): string => path.join(boat.project, 'overlays/crew', name);

async function crew(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(crewPath(name)), { recursive: true });
  await mkdir(crewPath('etc/systemd/system'), { recursive: true });
  await writeFile(crewPath(name), text);
}

async function build(out: string): Promise<void> {
  const { exitCode, stderr } = await boat.run('build', 'skiff', '--out', out);
  if (exitCode !== 0) throw new Error(stderr);
}

describe('two builds', () => {
  it('files, with size and mode', () => {
    expect(image.files.changed.map(each => [each.path, each.what])).toEqual([
      ['/etc/passwd', ['content']],
      ['/srv/greeting', ['content']],
      ['/usr/lib/caisson/image.json', ['content']],
      ['/usr/share/caisson/firewall/rules.v4', ['content']],
    ]);
    expect(image.files.added).toEqual([
      expect.objectContaining({ path: '/etc/systemd/system/sail.service', type: 'symlink', target: '/dev/null' }),
      expect.objectContaining({ path: '/usr/bin/hoist', mode: 0o4755, uid: 0, gid: 7, bytes: 10 }),
    ]);
    expect(image.files.removed).toEqual([]);
    expect(image.initrd).toEqual({ added: [], removed: [], changed: [] });
  });

  it('setuid files, units, users, the firewall, the command line', () => {
    expect(image.setuid).toEqual([{ path: '/usr/bin/hoist', old: null, new: { mode: 0o4755, uid: 0, gid: 7 } }]);
    expect(image.units.map(each => [each.unit, each.old.state, each.new.state])).toEqual([
      ['sail.service', 'there', 'masked'],
    ]);
    expect(image.accounts.map(each => [each.kind, each.name, each.old])).toEqual([['user', 'bosun', null]]);
    expect(image.firewall).toEqual([
      { what: 'allow', old: null, new: '4711/tcp from 192.0.2.7' },
      { what: 'rules.v4', old: null, new: '-A INPUT -p tcp -j ACCEPT' },
    ]);
    const words = image.commandLines.filter(each => each.word === 'jib');
    expect(words).toEqual([{ word: 'jib', profiles: expect.any(Array) as string[], old: null, new: 'jib=up' }]);
  });

  it('versions, root hashes, sizes, programs, packages', async () => {
    const records = [await boat.record('old'), await boat.record('new')];
    expect(image.version).toEqual({ old: 'skiff 0.3', new: 'skiff 0.4' });
    expect([image.rootHash.old, image.rootHash.new]).toEqual(records.map(each => each.rootHash));
    expect(image.programs.map(each => each.path)).toEqual(['/EFI/caisson/slot.efi']);
    for (const { name, old, new: next } of image.partitions) {
      const used = records.map(each => each.partitions.find(one => one.name === name)?.used);
      expect([name, old?.used, next?.used]).toEqual([name, ...used]);
    }
    expect(found.packages).toEqual([]);
    expect(found.same).toBe(false);
  });

  it('terminal, Markdown and HTML; exit code 0, and 1 when asked for', async () => {
    const shown = await boat.run(
      'diff',
      'old/skiff',
      'new/skiff/skiff.vhdx',
      '--html',
      'diff.html',
      '--markdown',
      'diff.md',
    );
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^\+ {2}\/usr\/bin\/hoist +4755 0:7$/m);
    expect(await readFile(path.join(boat.project, 'diff.md'), 'utf8')).toContain(
      '### Setuid and setgid files: 1 new\n',
    );
    expect(await readFile(path.join(boat.project, 'diff.html'), 'utf8')).toContain(
      '<code>4711/tcp from 192.0.2.7</code>',
    );
    const asked = await boat.run('diff', 'old/skiff', 'new/skiff', '--exit-code', '--markdown', '-');
    expect(asked.exitCode).toBe(1);
    expect(asked.stdout).toMatch(/^## skiff 0\.3 → skiff 0\.4\n/);
    const again = await boat.run('diff', 'old/skiff', 'new/skiff', '--html', 'diff.html');
    expect(again).toMatchObject({ exitCode: 2, stdout: '' });
    expect(again.stderr).toMatch(/^error: diff\.html is there already\n/);
  });

  it('an image is the same as itself, whoever reads it', async () => {
    const { exitCode, stdout } = await boat.run('diff', 'old/skiff', 'old/skiff', '--exit-code');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('They are the same.');
  });

  it('root and an ordinary user read the same', async () => {
    const isRoot = process.geteuid?.() === 0;
    const place = path.join(scratch, 'user/diff');
    await mkdir(place, { recursive: true });
    for (const name of ['old', 'new'])
      await cp(path.join(boat.project, name), path.join(place, name), { recursive: true });
    if (isRoot) await execa('chown', ['--recursive', '--reference', user.project, place]);
    const argv = ['diff', path.join(place, 'old/skiff'), path.join(place, 'new/skiff'), '--json'];
    // Whoever of the two does not run the tests.
    const asUser = ['setpriv', '--reuid=caisson-test', '--regid=caisson-test', '--init-groups'];
    const other = isRoot ? user : root;
    const [program, ...prefix] = [...(isRoot ? asUser : asRoot()), 'env', `CAISSON_CACHE=${other.cache}`];
    const byOther = await execa(program, [...prefix, process.execPath, CLI, ...argv], {
      cwd: other.project,
      stdin: 'ignore',
    });
    const byOwn = await caisson(argv, { cwd: own.project, cache: own.cache });
    expect(JSON.parse(byOther.stdout)).toEqual(JSON.parse(byOwn.stdout));
    await rm(place, { recursive: true });
  });
});

describe('packages', () => {
  it('are not known without a record of this very build', async () => {
    const lone = path.join(folder, 'lone.vhdx');
    await cp(path.join(boat.project, 'old/skiff/skiff.vhdx'), lone);
    const alone = JSON.parse((await boat.run('diff', lone, 'old/skiff', '--json')).stdout) as Difference;
    expect(alone.packages).toBe(`no build.json beside ${lone}`);
    expect(alone.same).toBe(true);
    const strange = path.join(folder, 'strange');
    await cp(path.join(boat.project, 'old/skiff'), strange, { recursive: true });
    await cp(path.join(boat.project, 'new/skiff/build.json'), path.join(strange, 'build.json'));
    const other = JSON.parse((await boat.run('diff', strange, 'old/skiff', '--json')).stdout) as Difference;
    expect(other.packages).toBe(`build.json beside ${strange} is of another build`);
  });
});

describe('bad input: one error, exit 2', () => {
  it.each<[string, () => Promise<[string, string]>, RegExp]>([
    ['no such file', async () => ['old/skiff', 'away.vhdx'], /^error: no image away\.vhdx\n/],
    ['no such name', async () => ['galleon', 'old/skiff'], /^error: no image .*\n {4}hint: build it first/],
    ['a folder that is no release', async () => ['old/skiff', './pipeline'], /^error: no release in \.\/pipeline: /],
    [
      'a lock file that is not there',
      async () => ['gone.lock.yaml', 'old/skiff'],
      /^error: no lock file gone\.lock\.yaml\n/,
    ],
    ['two kinds', async () => [await lockFile(), 'old/skiff'], /^error: \S+ is a lock file, old\/skiff is an image\n/],
    ['something else', async () => [await text(), 'old/skiff'], /^error: \S+notes\.raw/],
    ['cut short', async () => [await torn(), 'old/skiff'], /^error: \S+torn\.vhdx: /],
    ['a damaged root', async () => [await damaged(), 'old/skiff'], /^error: \S+damaged\.vhdx: Hull: /],
  ])('%s', async (_, targets, message) => {
    const { exitCode, stdout, stderr } = await boat.run('diff', ...(await targets()));
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});

async function lockFile(): Promise<string> {
  const file = path.join(folder, 'skiff.lock.yaml');
  await writeFile(file, 'lock: 1\n');
  return file;
}

async function text(): Promise<string> {
  const file = path.join(folder, 'notes.raw');
  await writeFile(file, 'all quiet\n');
  return file;
}

async function torn(): Promise<string> {
  const file = path.join(folder, 'torn.vhdx');
  await cp(path.join(boat.project, 'old/skiff/skiff.vhdx'), file);
  await truncate(file, 5 * 2 ** 20);
  return file;
}

/** What stands in the middle of the root is compressed files. */
async function damaged(): Promise<string> {
  const file = path.join(folder, 'damaged.vhdx');
  const bytes = await readFile(path.join(boat.project, 'old/skiff/skiff.vhdx'));
  // The superblock of erofs (its magic, little endian) tells where the root begins in this file.
  const start = bytes.indexOf(Buffer.from('e2e1f5e0', 'hex')) - 1024;
  bytes.fill(0xa5, start + 2 ** 19, start + 2 ** 19 + 2 ** 16);
  await writeFile(file, bytes);
  return file;
}
