import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { lockQuestion, lockText } from '../../pipeline/config/lock.ts';
import { loadManifest } from '../../pipeline/config/project.ts';
import { loadImage } from '../../pipeline/commands/build/prepare.ts';
import { release } from '../../pipeline/commands/release.ts';
import { withReleaseFolder } from '../../pipeline/commands/release/folder.ts';
import { sourceMaterial } from '../../pipeline/commands/release/git.ts';
import { materialName, releaseMaterials } from '../../pipeline/commands/release/materials.ts';
import { releaseRecord } from '../../pipeline/commands/release/record.ts';
import { keySigner } from '../../pipeline/commands/signing/signing.ts';
import type { Event } from '../../pipeline/report/events.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { commandContext } from './context.ts';

const scratch = scratchDirectory();
let count = 0;

/** The project test/fixtures/skiff, with what is added to its definition. */
function yard(...added: string[]) {
  const folder = join(scratch, String((count += 1)));
  cpSync(resolve('test/fixtures/skiff'), folder, { recursive: true });
  cpSync(resolve('rootfs-manifests/tools.yaml'), join(folder, 'rootfs-manifests/tools.yaml'));
  const definition = join(folder, 'pipeline/skiff.yaml');
  writeFileSync(definition, `${readFileSync(definition, 'utf8')}${added.join('\n')}\n`);
  const events: Event[] = [];
  return {
    folder,
    out: join(folder, 'out'),
    context: commandContext(folder, { emit: each => void events.push(each) }),
    events,
  };
}

const KEY = 'release: { key: keys/sea.key, certificate: keys/sea.crt }';
type Yard = ReturnType<typeof yard>;
/** Of no packages, but for the manifests as they are. */
async function lock({ folder, context }: Yard): Promise<void> {
  const file = join(folder, 'rootfs-manifests/skiff.lock.yaml');
  const names = ['rigging', 'tools'];
  const manifests = await Promise.all(
    names.map(async name => loadManifest(join(folder, `rootfs-manifests/${name}.yaml`), context)),
  );
  const rows = manifests.map(each => {
    const { architecture, suite, packages: asks } = each;
    return [each.name, { architecture, suite, question: lockQuestion(each), asks, sources: [], packages: [] }];
  });
  writeFileSync(file, lockText({ image: 'skiff', file, manifests: Object.fromEntries(rows) }));
}
const make = async ({ context, out }: Yard, version: string | null = null) =>
  release(context, {
    image: 'skiff',
    sets: [],
    formats: [],
    compress: 'none',
    jobs: 1,
    check: 'always',
    offline: true,
    mirrors: [],
    from: [],
    out,
    version,
    builder: 'urn:yard',
    caisson: '7',
    signerOf: keySigner,
  });

describe('a release is not begun', () => {
  it('without a key', async () => {
    const at = yard();
    await expect(make(at)).rejects.toMatchObject({
      message: 'skiff names no key that signs releases',
      hint: expect.stringContaining('add `release: { key:') as string,
    });
    expect(existsSync(at.out)).toBe(false);
  });

  it('without a lock file', async () => {
    const at = yard(KEY);
    await expect(make(at)).rejects.toMatchObject({
      message: 'skiff has no lock file, and a release is made of the packages of one',
      hint: 'make one: caisson lock skiff',
    });
    expect(existsSync(at.out)).toBe(false);
  });

  it('over one that is there', async () => {
    const at = yard(KEY);
    await lock(at);
    mkdirSync(join(at.out, 'skiff/9.9'), { recursive: true });
    await expect(make(at, '9.9')).rejects.toMatchObject({
      name: 'UsageFault',
      message: `${join(at.out, 'skiff/9.9')} is there already`,
    });
    expect(readdirSync(join(at.out, 'skiff'))).toEqual(['9.9']);
  });

  it('by a version that is none', async () => {
    const at = yard(KEY);
    await expect(make(at, '../9')).rejects.toMatchObject({ name: 'ConfigFault' });
    expect(existsSync(at.out)).toBe(false);
  });
});

describe('the folder of a release', () => {
  const target = (): { parent: string; folder: string } => {
    const parent = join(scratch, String((count += 1)));
    mkdirSync(parent);
    return { parent, folder: join(parent, '9.9') };
  };

  it('has its name when all is in it, and what a killed one left is gone', async () => {
    const { parent, folder } = target();
    mkdirSync(join(parent, '.9.9.part-killed'));
    mkdirSync(join(parent, '.9.8.part-runs'));
    const value = await withReleaseFolder(commandContext(parent), folder, async part => {
      writeFileSync(join(part, 'keel'), 'oak');
      expect(existsSync(folder)).toBe(false);
      return 7;
    });
    expect(value).toBe(7);
    expect(readdirSync(folder)).toEqual(['keel']);
    expect(readdirSync(parent).sort()).toEqual(['.9.8.part-runs', '9.9']);
  });

  it.each(['a fault', 'a signal'])('is not there after %s', async how => {
    const { parent, folder } = target();
    const abort = new AbortController();
    const made = withReleaseFolder(commandContext(parent, { signal: abort.signal }), folder, async part => {
      writeFileSync(join(part, 'keel'), 'oak');
      if (how === 'a fault') throw new Error('leak');
      abort.abort(new Error('interrupted'));
    });
    await expect(made).rejects.toThrow(how === 'a fault' ? 'leak' : 'interrupted');
    expect(readdirSync(parent)).toEqual([]);
  });

  it('takes the place of nothing that came meanwhile', async () => {
    const { parent, folder } = target();
    const made = withReleaseFolder(commandContext(parent), folder, async () => mkdirSync(folder));
    await expect(made).rejects.toThrow('is there already');
    expect(readdirSync(parent)).toEqual(['9.9']);
  });
});

test('the record of a release tells nothing of the run', () => {
  const stages = [{ id: 'hull', key: 'k', cached: true, seconds: 3 }];
  expect(releaseRecord({ image: 'skiff', uid: 7, root: false, stages })).toEqual({
    image: 'skiff',
    stages: [{ id: 'hull', key: 'k' }],
  });
});

describe('the materials of a release', () => {
  const resolution = (manifest: string, ...names: string[]) => ({
    manifest,
    question: '',
    digest: '',
    packages: names.map(name => ({
      name,
      version: '1:2+3~4',
      architecture: 'amd64',
      uri: '',
      bytes: 1,
      stanza: '',
      sha256: name.padEnd(64, '0'),
    })),
    sources: [],
    locked: null,
  });
  const of = async (at: Yard) => {
    await lock(at);
    const project = await loadImage(at.context, {
      image: 'skiff',
      sets: [],
      formats: [],
      compress: 'none',
      bundle: false,
    });
    const resolutions = { rigging: resolution('rigging', 'rope', 'tar'), tools: resolution('tools', 'tar') };
    const file = join(at.folder, 'rootfs-manifests/skiff.lock.yaml');
    return releaseMaterials(at.context, { project, resolutions }, file);
  };
  const git = (folder: string, ...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { encoding: 'utf8' });

  it('are what was read, by digests that other programs give', async () => {
    const at = yard(KEY);
    const materials = await of(at);
    expect(materials.map(each => each.name)).toEqual([
      'rootfs-manifests/skiff.lock.yaml',
      'pipeline/skiff.yaml',
      'layouts/skiff.yaml',
      'rootfs-manifests/rigging.yaml',
      'rootfs-manifests/tools.yaml',
      'scripts/paint.sh',
      'overlays/motor',
      'overlays/crew',
      'rope',
      'tar',
    ]);
    const sum = (command: string) =>
      execFileSync('sh', ['-c', command], { cwd: at.folder, encoding: 'utf8' }).slice(0, 64);
    const digest = (name: string) => materials.find(each => each.name === name)?.digest;
    expect(digest('pipeline/skiff.yaml')).toEqual({ sha256: sum('sha256sum pipeline/skiff.yaml') });
    // The command of in-toto's digest_set.md.
    const tree = 'cd overlays/motor; find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum';
    expect(digest('overlays/motor')).toMatchObject({ dirHash: sum(tree) });
    expect(materials.at(-1)).toEqual({
      name: 'tar',
      uri: 'pkg:deb/debian/tar@1:2+3~4?arch=amd64&distro=debian-13',
      digest: { sha256: 'tar'.padEnd(64, '0') },
      annotations: { manifests: ['rigging', 'tools'] },
    });
    expect(JSON.stringify(materials)).not.toContain(at.folder);
    expect(at.events).toMatchObject([{ type: 'warning', hint: 'release from a git checkout' }]);
  });

  it('are a commit, and say whether they are that', async () => {
    const at = yard(KEY);
    await lock(at);
    for (const args of [
      ['init', '-q'],
      ['add', '.'],
      ['commit', '-qm', 'keel'],
    ])
      git(at.folder, ...args);
    const gitCommit = git(at.folder, 'rev-parse', 'HEAD').trim();
    writeFileSync(join(at.folder, 'notes.txt'), 'nobody reads it\n');
    expect((await of(at))[0]).toEqual({ name: 'git', digest: { gitCommit } });
    expect(at.events).toEqual([]);
    writeFileSync(join(at.folder, 'overlays/crew/srv/stowaway'), 'boo\n');
    expect((await of(at))[0]).toEqual({ name: 'git', digest: { gitCommit }, annotations: { modified: true } });
    expect(at.events).toMatchObject([{ message: 'the release is made of files that are not committed' }]);
  });

  it("name Caisson's own documents apart, which no commit of the project has", async () => {
    const at = yard(KEY);
    const home = `${at.folder}-home`;
    const [own, base] = [at.folder, home].map(each => join(each, 'rootfs-manifests/tools.yaml'));
    cpSync(own ?? '', base ?? '');
    writeFileSync(own ?? '', 'extends: tools\n');
    const inside = { ...at, context: { ...at.context, home } };
    await lock(inside);
    for (const args of [
      ['init', '-q'],
      ['add', '.'],
      ['commit', '-qm', 'keel'],
    ])
      git(at.folder, ...args);
    const materials = await of(inside);
    const names = materials.map(each => each.name).filter(each => each.endsWith('tools.yaml'));
    expect(names).toEqual(['rootfs-manifests/tools.yaml', 'caisson:rootfs-manifests/tools.yaml']);
    expect(materials[0]).not.toHaveProperty('annotations');
    expect(at.events).toEqual([]);
  });

  it.each([
    ['/a/rig', '/a', '/a/rig/x', 'x'],
    ['/a/rig', '/a', '/a/y', 'caisson:y'],
    ['/a', '/a/rig', '/a/rig/x', 'caisson:x'],
    ['/a', '/a', '/a/x', 'x'],
    ['/a', '/b', '/ab/x', 'x'],
  ])('in project %s, of Caisson in %s, %s: %s', (project, home, file, name) => {
    expect(materialName(file, { project, home })).toBe(name);
  });

  it('are not that commit when git ignores a file, or one lies elsewhere; characters of patterns are none', async () => {
    const at = yard(KEY);
    await lock(at);
    writeFileSync(join(at.folder, '.gitignore'), '*.log\n');
    for (const args of [
      ['init', '-q'],
      ['add', '.'],
      ['commit', '-qm', 'keel'],
    ])
      git(at.folder, ...args);
    const modified = async (...read: string[]) =>
      (await sourceMaterial(at.context, { folder: at.folder, home: at.folder, read }))?.annotations ?? null;
    const crew = join(at.folder, 'overlays/crew');
    expect(await modified(crew)).toBe(null);
    writeFileSync(join(crew, 'srv/[a]'), 'a pattern\n');
    git(at.folder, 'add', '.');
    git(at.folder, 'commit', '-qm', 'pattern');
    expect(await modified(join(crew, 'srv/[a]'))).toBe(null);
    writeFileSync(join(crew, 'srv/oars.log'), 'nobody sees it\n');
    expect(await modified(crew)).toEqual({ modified: true });
    expect(await modified(join(at.folder, 'overlays/motor'), '/etc/hostname')).toEqual({ modified: true });
  });
});
