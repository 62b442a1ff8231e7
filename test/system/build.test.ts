import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { digestFile } from '../../pipeline/engine/digest.ts';
import { caisson } from '../support/caisson.ts';

const { root, user, own } = inject('builds');
const never = new AbortController().signal;
const steps = root.record.stages.map(each => each.id).filter(id => user.record.stages.some(each => each.id === id));

describe('the same image from root and from an ordinary user', () => {
  it('was built by the two of them', () => {
    expect({ root: root.record.root, uid: root.record.uid }).toEqual({ root: true, uid: 0 });
    expect(user.record.root).toBe(false);
    expect(user.record.uid).not.toBe(0);
  });

  it('gave byte-identical VHDX files', async () => {
    const [a, b] = await Promise.all([root, user].map(each => digestFile(path.join(each.out, 'eflow.vhdx'), never)));
    expect(a).toEqual(b);
  });

  it('gave byte-identical bundles', async () => {
    const name = `eflow-${own.record.version}.raucb`;
    const [a, b] = await Promise.all([root, user].map(each => digestFile(path.join(each.out, name), never)));
    expect(a).toEqual(b);
  });

  it.each(steps)('step %s made the same bytes under the same key', id => {
    const [a, b] = [root, user].map(build => build.record.stages.find(each => each.id === id));
    expect(a?.cached).toBe(false);
    expect(b?.cached).toBe(false);
    expect({ key: a?.key, sha256: a?.sha256, bytes: a?.bytes }).toEqual({
      key: b?.key,
      sha256: b?.sha256,
      bytes: b?.bytes,
    });
  });
});

describe('build.json', () => {
  it('names each artifact with its length and digest', async () => {
    for (const each of own.record.artifacts.filter(artifact => artifact.path.endsWith('.vhdx'))) {
      const { sha256, bytes } = await digestFile(path.join(own.out, each.path), never);
      expect({ sha256, bytes }).toEqual({ sha256: each.sha256, bytes: each.bytes });
    }
    expect(own.record.artifacts.map(each => each.path)).toEqual([
      'eflow.vhdx',
      'eflow.raw',
      `eflow-${own.record.version}.raucb`,
    ]);
  });

  it('describes the partitions of the layout, with what is used', () => {
    const MiB = 2 ** 20;
    const rows = own.record.partitions.map(({ number, name, size }) => [number, name, size / MiB]);
    expect(rows).toEqual([
      [1, 'BootEFIA', 8],
      [2, 'BootA', 192],
      [3, 'RootFSA', 4096],
      [4, 'BootEFIB', 8],
      [5, 'BootB', 192],
      [6, 'RootFSB', 4096],
      [7, 'Log', 1024],
      [8, 'Data', 2048],
    ]);
    for (const each of own.record.partitions) expect(each.used + each.free).toBe(each.size);
    const used = Object.fromEntries(own.record.partitions.map(each => [each.name, each.used]));
    expect(used.RootFSA).toBeGreaterThan(own.record.hashOffset);
    expect(used).toMatchObject({ BootB: 0, RootFSB: 0 });
    expect(used.BootEFIB).toBe(used.BootEFIA);
  });

  it.each(['BootEFIA', 'BootEFIB'])(
    'has the state of the selector where the initrd looks for it, in %s',
    async name => {
      const { start } = own.record.partitions.find(each => each.name === name)!;
      const disk = await open(path.join(own.out, 'eflow.raw'));
      // choose_root of overlays/initrd/init reads the first 256 KiB alone.
      const { buffer } = await disk.read(Buffer.alloc(256 * 2 ** 10), 0, 256 * 2 ** 10, start);
      await disk.close();
      expect(buffer.toString('latin1')).toContain('# GRUB Environment Block\n');
    },
  );

  it('tells the root hash, the packages and the tools', () => {
    expect(own.record.rootHash).toMatch(/^[0-9a-f]{64}$/);
    expect(own.record.packageCount).toBe(Object.values(own.record.packages).flat().length);
    expect(own.record.packages.base?.some(each => each.name === 'linux-image-cloud-amd64')).toBe(true);
    expect(own.record.packages.base?.some(each => each.name === 'initramfs-tools')).toBe(false);
    expect(own.record.tools['erofs-utils']).toMatch(/^1\.8/);
  });
});

describe('a second build', () => {
  it('reuses every step and leaves the files alone', async () => {
    const before = await readFile(path.join(own.out, 'build.json'), 'utf8');
    const { exitCode, stdout } = await caisson(
      ['build', 'eflow', '--bundle', '--format', 'vhdx,raw', '--out', path.dirname(own.out), '--json'],
      { cwd: own.project, cache: own.cache },
    );
    expect(exitCode).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { type: string; built?: number; reused?: number });
    expect(events.at(-1)).toMatchObject({ type: 'built', built: 0, reused: own.record.stages.length });
    const record = JSON.parse(await readFile(path.join(own.out, 'build.json'), 'utf8')) as typeof own.record;
    expect(record.stages.every(each => each.cached)).toBe(true);
    expect(record.artifacts).toEqual((JSON.parse(before) as typeof own.record).artifacts);
  });

  it('plans nothing to build', async () => {
    const { stdout } = await caisson(
      ['plan', 'eflow', '--bundle', '--format', 'vhdx,raw', '--out', path.dirname(own.out), '--json'],
      { cwd: own.project, cache: own.cache },
    );
    const plan = JSON.parse(stdout) as { steps: { id: string; state: string }[] };
    expect(plan.steps.filter(each => each.state !== 'cached')).toEqual([]);
  });
});
