import { createHash } from 'node:crypto';
/** Stages that need no program: what they make of real files. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from '../../pipeline/stages/command.ts';
import { disk, type StoredDiskMap } from '../../pipeline/stages/disk.ts';
import { extract } from '../../pipeline/stages/extract.ts';
import { initrd } from '../../pipeline/stages/initrd.ts';
import { packages } from '../../pipeline/stages/packages.ts';
import type { Artifact, Facts } from '../../pipeline/stages/stage.ts';
import { tree } from '../../pipeline/stages/tree.ts';
import { readContent, readTar, writeTar } from '../../pipeline/tree/tar.ts';
import { directory, lookup, symlink, textFile, type Tree, type TreeNode } from '../../pipeline/tree/tree.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { artifactOf, contextOf, fileArtifact, type FakeContext } from './context.ts';
import { layoutOf, manifestOf, viewOf } from './documents.ts';

const folder = scratchDirectory();
const { signal } = new AbortController();
let count = 0;

async function tarOf(rows: Record<string, TreeNode>, own: { id?: string; facts?: Facts } = {}): Promise<Artifact> {
  const file = join(folder, `tar-${count++}`);
  await writeTar(new Map(Object.entries(rows)), file, { epoch: 5, signal });
  return fileArtifact(file, { id: own.id ?? 'parts', facts: own.facts ?? {} });
}

const made = (context: FakeContext): Promise<Tree> => readTar(context.out, signal);
const text = async (from: Tree, path: string): Promise<string | null> => {
  const found = lookup(from, path);
  return found === null ? null : (await readContent(found.node)).toString();
};

const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('tree', () => {
  const base = {
    '/etc/passwd': textFile('root:x:0:0:root:/root:/bin/bash\n'),
    '/etc/group': textFile('root:x:0:\n'),
    '/etc/shadow': { ...textFile('root:$y$secret:20000:0:99999:7:::\n', 0o640), gid: 42 },
    '/etc/gshadow': textFile('root:*::\n', 0o640),
    '/etc/motd': textFile('old\n'),
    '/dev/null': { ...directory(), type: 'character-device' as const, device: { major: 1, minor: 3 } },
    '/usr/lib/os-release': textFile('ID=debian\n'),
    '/usr/lib/systemd/system/crab.service': textFile('[Install]\nWantedBy=reef.target\n'),
    '/usr/share/doc/crab': textFile('doc'),
  };
  const manifest = manifestOf({
    users: [{ name: 'mate', uid: 1234, gid: 1235, gecos: '', home: '/srv/mate', shell: '/bin/sh' }],
    groups: [{ name: 'crew', gid: 1235, members: ['mate'] }],
    units: { enable: ['crab.service'], disable: [], mask: ['whale.service'] },
    remove: ['/usr/share/doc/*', '/nothing/*'],
  });
  const source = join(folder, 'motd');
  writeFileSync(source, 'new\n');
  const overlay = {
    name: 'paint',
    directory: folder,
    entries: [
      {
        path: '/etc/motd',
        type: 'file' as const,
        mode: 0o604,
        uid: 3,
        gid: 4,
        source,
        target: '',
        sha256: sha256Of(source),
      },
    ],
  };

  async function build(
    options: Parameters<typeof tree.resolve>[0],
    inputs: Record<string, Artifact>,
  ): Promise<{ context: FakeContext; facts: Facts; tree: Tree }> {
    const context = contextOf(folder, { inputs });
    const view = viewOf({
      inputs: Object.keys(inputs),
      manifest: () => manifest,
      overlay: () => overlay,
      layout: layoutOf([{ name: 'Hold', mount: '/hold', filesystem: 'ext4' }]),
    });
    const facts = await tree.build(tree.resolve(options, view), context);
    return { context, facts, tree: await made(context) };
  }

  test('overlays, system files, users, units and removals, one over the other', async () => {
    const {
      tree: after,
      context,
      facts,
    } = await build(
      { manifest: 'cargo', overlays: ['paint'], system: {} },
      { tree: await tarOf(base, { facts: { packages: ['crab'] } }) },
    );
    expect(await text(after, '/etc/motd')).toBe('new\n');
    expect(after.get('/etc/motd')).toMatchObject({ mode: 0o604, uid: 3, gid: 4 });
    expect(await text(after, '/etc/hostname')).toBe('galleon\n');
    expect(await text(after, '/usr/lib/os-release')).toBe('ID=debian\nIMAGE_ID=galleon\nIMAGE_VERSION=7.3\n');
    expect(await text(after, '/etc/passwd')).toContain('mate:x:1234:1235::/srv/mate:/bin/sh\n');
    expect(await text(after, '/etc/shadow')).toBe('root:!*::0:99999:7:::\nmate:!::0:99999:7:::\n');
    expect(after.get('/etc/shadow')).toMatchObject({ mode: 0o640, gid: 42 });
    expect(after.get('/srv/mate')).toMatchObject({ type: 'directory', mode: 0o700, uid: 1234, gid: 1235 });
    expect(after.get('/etc/systemd/system/reef.target.wants/crab.service')).toMatchObject({
      target: '/usr/lib/systemd/system/crab.service',
    });
    expect(after.get('/etc/systemd/system/whale.service')).toMatchObject({ target: '/dev/null' });
    expect(after.has('/usr/share/doc/crab')).toBe(false);
    expect(after.has('/dev/null')).toBe(false);
    expect(context.warnings).toEqual(['"/nothing/*" of the removals matches nothing']);
    expect(facts).toMatchObject({ packages: ['crab'] });
  });

  test('built twice it has the same bytes', async () => {
    const input = await tarOf(base);
    const [first, second] = [
      await build({ manifest: 'cargo', overlays: ['paint'], system: {} }, { tree: input }),
      await build({ manifest: 'cargo', overlays: ['paint'], system: {} }, { tree: input }),
    ];
    expect(readFileSync(first.context.out).equals(readFileSync(second.context.out))).toBe(true);
  });

  test('without an input tree a new one, with the files of other steps', async () => {
    const { tree: after, facts } = await build(
      { files: { '/EFI/kelp.efi': 'kelp' } },
      { kelp: artifactOf(folder, 'binary') },
    );
    expect([...after.keys()]).toEqual(['/', '/EFI', '/EFI/kelp.efi']);
    expect(await text(after, '/EFI/kelp.efi')).toBe('binary');
    expect(facts).toMatchObject({ contentBytes: 6 });
  });

  test('a hard link counts once, and a tree without accounts gets none', async () => {
    const shared = textFile('12345');
    const { facts, tree: after } = await build(
      { manifest: 'cargo' },
      { tree: await tarOf({ '/a': shared, '/b': shared, '/usr/lib/systemd/system/crab.service': textFile('') }) },
    );
    expect(facts).toMatchObject({ contentBytes: 5 });
    expect(after.has('/etc/passwd')).toBe(false);
  });
});

describe('extract', () => {
  const build = async (path: string): Promise<{ content: string; facts: Facts }> => {
    const context = contextOf(folder, {
      inputs: {
        tree: await tarOf({
          '/boot/kelp-6.1': textFile('six'),
          '/boot/sand-1': textFile('one'),
          '/boot/sand-2': textFile('two'),
          '/kelp': symlink('boot/kelp-6.1'),
          '/gone': symlink('nowhere'),
        }),
      },
    });
    const facts = await extract.build({ path }, context);
    return { content: readFileSync(context.out, 'utf8'), facts };
  };

  test.each(['/boot/kelp-*', '/boot/kelp-6.1', '/kelp'])('%s is one file', async path =>
    expect(await build(path)).toEqual({ content: 'six', facts: { name: '/boot/kelp-6.1' } }),
  );

  test.each([
    ['/boot/sand-*', 2, '/boot/sand-1, /boot/sand-2'],
    ['/boot/none', 0, ''],
    ['/boot', 0, ''],
    ['/gone', 1, '/gone'],
  ])(
    '%s matches %d',
    async (path, matched, hint) =>
      await expect(build(path)).rejects.toMatchObject({
        name: 'FormatFault',
        message: `"${path}" matches ${matched} paths in parts, not one file`,
        hint,
      }),
  );
});

describe('disk', () => {
  const MIB = 2 ** 20;
  const layout = layoutOf([
    { number: 4, name: 'One', content: 'one', size: 2 * MIB },
    { number: 9, name: 'Two', content: 'two', slot: 'A', size: MIB },
    { number: 8, name: 'TwoB', content: 'two', slot: 'B', size: MIB, filled: false },
    { number: 7, name: 'Copy', content: 'one', size: 2 * MIB },
  ]);
  const one = artifactOf(folder, 'x'.repeat(9000), {
    id: 'first',
    facts: {
      extents: [
        [0, 100],
        [8192, 808],
      ],
      used: 700,
    },
  });
  const two = artifactOf(folder, 'y'.repeat(500), { id: 'second' });
  const build = async (inputs: Record<string, Artifact>): Promise<{ map: StoredDiskMap; facts: Facts }> => {
    const context = contextOf(folder, { inputs });
    const facts = await disk.build(disk.resolve({}, viewOf({ layout, inputs: Object.keys(inputs) })), context);
    return { map: JSON.parse(readFileSync(context.out, 'utf8')) as StoredDiskMap, facts };
  };

  test('maps what is not a hole of each artifact, by input, between the two partition tables', async () => {
    const { map } = await build({ one, two });
    expect(map).toMatchObject({ size: layout.size, logicalSectorSize: 4096, physicalSectorSize: 4096 });
    expect(map.extents.slice(1, -1)).toEqual([
      { start: 3 * MIB, length: 100, input: 'one', offset: 0 },
      { start: 3 * MIB + 8192, length: 808, input: 'one', offset: 8192 },
      { start: 5 * MIB, length: 500, input: 'two', offset: 0 },
      { start: 7 * MIB, length: 100, input: 'one', offset: 0 },
      { start: 7 * MIB + 8192, length: 808, input: 'one', offset: 8192 },
    ]);
    const [first, last] = [map.extents[0], map.extents.at(-1)].map(extent =>
      extent !== undefined && 'base64' in extent
        ? { start: extent.start, bytes: Buffer.from(extent.base64, 'base64') }
        : null,
    );
    expect(first?.bytes.subarray(4096, 4104).toString()).toBe('EFI PART');
    expect(last?.bytes.subarray(-4096, -4088).toString()).toBe('EFI PART');
    expect((last?.start ?? 0) + (last?.bytes.length ?? 0)).toBe(layout.size);
  });

  test('tells what is used and free of each partition', async () => {
    const { facts } = await build({ one, two });
    expect(facts.partitions).toMatchObject([
      { number: 4, name: 'One', used: 700, free: 2 * MIB - 700 },
      { number: 9, name: 'Two', used: 500, free: MIB - 500 },
      { number: 8, name: 'TwoB', used: 0, free: MIB },
      { number: 7, name: 'Copy', used: 700 },
    ]);
  });

  test('what leaves less than the reserve is refused, up to the last byte', async () => {
    const reserving = (reserve: number) => ({
      ...layout,
      partitions: layout.partitions.map(each => (each.name === 'Two' ? { ...each, reserve } : each)),
    });
    const inputs = { one, two };
    const made = async (reserve: number): Promise<Facts> =>
      disk.build(
        disk.resolve({}, viewOf({ layout: reserving(reserve), inputs: ['one', 'two'] })),
        contextOf(folder, { inputs }),
      );
    await expect(made(MIB - 500)).resolves.toBeDefined();
    await expect(made(MIB - 499)).rejects.toThrow(
      'two (second) leaves 1048076 B of Two, and 1048077 B are reserved for updates to come: 1 B too little',
    );
  });

  test('a reserve of nothing is no part of the key', () => {
    const resolved = disk.resolve({}, viewOf({ layout, inputs: ['one', 'two'] }));
    expect(JSON.stringify(resolved)).not.toContain('reserve');
  });

  test('an artifact that is too large names both sides', async () => {
    await expect(build({ one, two: { ...two, bytes: MIB + 1024 } })).rejects.toThrow(
      'two (second) takes 1025 KiB, but Two has 1 MiB: 1 KiB too much',
    );
  });

  test('is the same wherever the artifacts stand', async () => {
    const moved = artifactOf(join(folder, 'elsewhere'), 'y'.repeat(500), { id: 'second' });
    expect((await build({ one, two: moved })).map).toEqual((await build({ one, two })).map);
  });
});

describe('command', () => {
  const script = join(folder, 'trim.sh');
  writeFileSync(script, 'echo trim');
  chmodSync(script, 0o600);
  const view = viewOf({ file: () => ({ path: script, sha256: sha256Of(script), mode: 0o644 }) });
  const resolved = command.resolve(
    { script: 'trim.sh', arguments: ['-v', 'a b'], interpreter: '/bin/zsh', facts: 'image' },
    view,
  );

  test('runs a copy of the script, with $OUT; the facts it keeps true stay', async () => {
    const context = contextOf(folder, {
      inputs: { image: artifactOf(folder, 'i', { facts: { filesystem: 'ext4', extents: [[7, 7]] } }) },
      run: (_, { out }) => writeFileSync(out, '12345'),
    });
    expect(await command.build(resolved, context)).toEqual({ filesystem: 'ext4', extents: [[0, 5]] });
    expect(context.calls).toEqual([
      { program: '/bin/zsh', args: ['/mnt/work/script', '-v', 'a b'], options: { env: { OUT: '/mnt/work/artifact' } } },
    ]);
    expect(readFileSync(join(context.work, 'script'), 'utf8')).toBe('echo trim');
  });

  test('a script that writes nothing', async () => {
    await expect(command.build(resolved, contextOf(folder))).rejects.toMatchObject({
      name: 'FormatFault',
      message: 'the script ended well but wrote no file to $OUT',
    });
  });
});

describe('initrd', () => {
  const kernelTree = (release: string): Record<string, TreeNode> => ({
    [`/usr/lib/modules/${release}/modules.dep`]: textFile('kernel/kelp.ko.xz: kernel/sand.ko\nkernel/sand.ko:\n'),
    [`/usr/lib/modules/${release}/modules.builtin`]: textFile('kernel/rock.ko\n'),
    [`/usr/lib/modules/${release}/kernel/kelp.ko.xz`]: textFile('packed kelp'),
    [`/usr/lib/modules/${release}/kernel/sand.ko`]: textFile('plain sand'),
  });
  const manifest = (): ReturnType<typeof manifestOf> => manifestOf({ modules: ['kelp', 'rock'] });
  const build = async (kernel: Record<string, TreeNode>): Promise<{ context: FakeContext; facts: Facts }> => {
    const context = contextOf(folder, {
      inputs: { tree: await tarOf({ '/init': textFile('#!/bin/sh\n', 0o755) }), kernel: await tarOf(kernel) },
      run: ({ program }, { work }) => {
        if (program === 'xz') writeFileSync(join(work, 'modules/kelp.ko'), 'kelp');
      },
    });
    return {
      facts: await initrd.build(initrd.resolve({ manifest: 'cargo', root: 'sys' }, viewOf({ manifest })), context),
      context,
    };
  };

  test('has the modules unpacked, in the order to load them, and what init must know', async () => {
    const { context, facts } = await build(kernelTree('6.66-tide'));
    const packed = await readTar(join(context.work, 'tree.tar'), signal);
    expect(await text(packed, '/etc/caisson/modules')).toBe('/usr/lib/modules/sand.ko\n/usr/lib/modules/kelp.ko\n');
    expect(await text(packed, '/usr/lib/modules/kelp.ko')).toBe('kelp');
    expect(await text(packed, '/usr/lib/modules/sand.ko')).toBe('plain sand');
    expect(await text(packed, '/etc/caisson/boot.conf')).toContain('root_partition_B="SysB"\n');
    expect(await text(packed, '/etc/caisson/partitions')).toContain('B KernB\nB SysB\n');
    expect(packed.get('/init')?.mode).toBe(0o755);
    expect(facts).toEqual({ kernel: '6.66-tide', modules: ['sand', 'kelp'] });
    expect(context.calls.map(call => call.program)).toEqual(['xz', 'bsdtar', 'zstd']);
  });

  test.each([
    ['no kernel', {}],
    ['2 kernels', { ...kernelTree('1'), ...kernelTree('2') }],
  ])(
    '%s in its input',
    async (what, kernel) => await expect(build(kernel)).rejects.toThrow(`the input "kernel" has ${what}`),
  );

  test('a module that the index has and the tree lacks', async () => {
    const { '/usr/lib/modules/9/kernel/sand.ko': _, ...kernel } = kernelTree('9');
    await expect(build(kernel)).rejects.toThrow(
      "modules.dep names kernel/sand.ko, which the kernel's tree does not have",
    );
  });
});

describe('packages', () => {
  const list = ['rope', 'worm'].map(name => ({ name, version: '1', architecture: 'amd64', sha256: name }));
  const resolved = packages.resolve(
    { manifest: 'cargo' },
    viewOf({ manifest: () => manifestOf({ removePackages: ['worm'] }) }),
  );

  test('asks mmdebstrap as root of a namespace, and tells what stays', async () => {
    const seen: [number | null, string][] = [];
    const context = contextOf(folder, {
      packages: { repository: '/host/repository', list },
      progress: (...row) => void seen.push(row),
      run: ({ options }) =>
        ['Get:1 x', 'Setting up rope (1) ...', 'Setting up worm:amd64 (1) ...', 'Setting up rope (1) ...'].forEach(
          line => options.onLine?.(line),
        ),
    });
    expect(await packages.build(resolved, context)).toEqual({
      packages: [{ name: 'rope', version: '1', architecture: 'amd64' }],
    });
    // A time that no clock is before: of what is newer, mmdebstrap writes this, and not when it was made.
    expect(context.calls[0]).toMatchObject({
      program: 'mmdebstrap',
      options: { identities: 'many', env: { SOURCE_DATE_EPOCH: '0' } },
    });
    expect(context.calls[0]?.args).toEqual(
      expect.arrayContaining(['--mode=root', '/mnt/work/artifact', 'deb [trusted=yes] copy:/mnt/work/repository ./']),
    );
    expect(seen).toEqual([
      [0.5, 'rope'],
      [1, 'worm'],
      [1, 'rope'],
    ]);
  });

  test('without a repository it is our mistake', async () => {
    const context = contextOf(folder);
    await expect(packages.build(resolved, context)).rejects.toThrow('the engine gave no package repository');
    expect(existsSync(context.out)).toBe(false);
  });
});
