/** The parts of provision and seed that need no tools tree. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageFault } from '../../../pipeline/commands/context.ts';
import { formatOf, mustHold } from '../../../pipeline/commands/deployment/disk.ts';
import { checkKeys, readKeyFiles } from '../../../pipeline/commands/deployment/keys.ts';
import { dataTree, seedDiskTree } from '../../../pipeline/commands/deployment/seed.ts';
import type { ToolOptions } from '../../../pipeline/engine/tool-runner.ts';
import { contentBytes, type Tree } from '../../../pipeline/tree/tree.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const directory = scratchDirectory();
const TIB = 2 ** 40;

describe('the format of a new disk', () => {
  it.each([
    ['a/reef.vhdx', 'vhdx'],
    ['reef.VHD', 'vhd'],
    ['reef.img', 'raw'],
    ['./reef.7/raw', 'vhdx'],
    ['reef.raw', 'raw'],
  ])('%s', (file, format) => expect(formatOf(file, 'vhdx')).toBe(format));

  it.each(['reef.qcow2', 'reef.vhdx.gz', 'reef.7'])('is none that %s could be', file => {
    expect(() => formatOf(file, 'raw')).toThrow(UsageFault);
  });

  it('has limits', () => {
    mustHold('vhd', { size: 2 ** 30, sectorSize: 512 });
    mustHold('vhdx', { size: 3 * TIB, sectorSize: 4096 });
    expect(() => mustHold('vhd', { size: 2 * TIB, sectorSize: 512 })).toThrow(UsageFault);
    expect(() => mustHold('vhd', { size: 2 * TIB, sectorSize: 512 })).toThrow('too large for a VHD');
    expect(() => mustHold('vhd', { size: 2 ** 30, sectorSize: 4096 })).toThrow('sectors of 512 bytes');
  });
});

describe('files of keys', () => {
  it('are read whole', async () => {
    const file = path.join(directory, 'crew.pub');
    writeFileSync(file, 'ssh-kelp x\n');
    expect(await readKeyFiles([file])).toEqual([{ name: file, text: 'ssh-kelp x\n' }]);
  });

  it.each<[string, string, RegExp]>([
    ['that is absent', 'absent.pub', /absent\.pub cannot be read \(ENOENT\)/],
    ['that is a folder', 'folder', /folder is a folder/],
    ['that is too long', 'long.pub', /longer than a list of keys/],
  ])('one %s is refused', async (_, name, message) => {
    mkdirSync(path.join(directory, 'folder'), { recursive: true });
    writeFileSync(path.join(directory, 'long.pub'), 'x'.repeat(2 ** 20 + 1));
    await expect(readKeyFiles([path.join(directory, name)])).rejects.toThrow(message);
  });

  it('more than a machine takes are refused, counted in bytes as it does', async () => {
    const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
    const line = (index: number): string => {
      const blob = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(Buffer.alloc(32, index))]);
      return `ssh-ed25519 ${blob.toString('base64')} ${'\u00E5'.repeat(400)}\n`;
    };
    const text = Array.from({ length: 100 }, (_, index) => line(index)).join('');
    expect(text.length).toBeLessThan(2 ** 16);
    const options = { work: directory } as ToolOptions;
    await expect(checkKeys([{ name: 'crew.pub', text }], options)).rejects.toThrow(
      /^100 keys are more than a machine takes: 64/,
    );
  });

  it('a key in the place of its file is told', async () => {
    await expect(readKeyFiles(['ssh-ed25519 AAAAC3Nza keel'])).rejects.toThrow('a key itself was given');
  });
});

describe('a seed', () => {
  const key = { type: 'ssh-kelp', bits: 7, fingerprint: 'SHA256:x', comment: 'c', line: 'ssh-kelp AAAA c' };
  const shown = (tree: Tree) =>
    [...tree].map(([name, node]) => [name, node.mode.toString(8), node.uid, contentBytes(node)]);

  it('is read by root alone, and says nothing where there is nothing to say', () => {
    expect(shown(dataTree({ hostname: 'pier', userKeys: [key, key], authorities: [] }))).toEqual([
      ['/.caisson', '700', 0, 0],
      ['/.caisson/seed', '700', 0, 0],
      ['/.caisson/seed/hostname', '600', 0, 5],
      ['/.caisson/seed/authorized_keys', '600', 0, 32],
    ]);
  });

  it('is at the root of a disk of its own', () => {
    expect(shown(seedDiskTree({ hostname: null, userKeys: [], authorities: [key] }))).toEqual([
      ['/trusted_user_ca_keys', '600', 0, 16],
    ]);
  });
});
