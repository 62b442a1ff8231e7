/** The guest's way to the state of the selector, on files that stand for partitions. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeGrubenv, encodeGrubenv, findGrubenv, GRUBENV_BYTES } from '../../pipeline/formats/grubenv.ts';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const at = (name: string): string => path.join(folder, 'dev', name);
const STATE = { ORDER: 'Q P', VERITY: 'off', Q_OK: '1' };

beforeEach(async () => {
  await mkdir(path.join(folder, 'dev'), { recursive: true });
  const script = await readFile('overlays/guest/usr/lib/caisson/grubenv', 'utf8');
  const moved = script
    .replaceAll('/dev/caisson/', `${folder}/dev/`)
    .replaceAll('/usr/lib/caisson/guest.conf', path.join(folder, 'guest.conf'));
  await writeFile(path.join(folder, 'grubenv'), moved);
  await writeFile(path.join(folder, 'guest.conf'), "state_partitions='QuayA DeckA QuayB'\n");
  await writeFile(at('QuayA'), partition(encodeGrubenv(STATE)));
  await writeFile(at('DeckA'), Buffer.alloc(600_000, 7));
  await writeFile(at('QuayB'), partition(encodeGrubenv({ ...STATE, ORDER: 'P Q' })));
});

/** As in a boot loader, the signature stands elsewhere too, at no sector's begin: on a line of its own, and not. */
function partition(block: Uint8Array): Buffer {
  const bytes = Buffer.alloc(500_000, 0xee);
  bytes.write('\n# GRUB Environment Block\n', 3000);
  bytes.set(block, 9 * 512);
  return bytes;
}

async function grubenv(...args: string[]) {
  return execa('sh', [path.join(folder, 'grubenv'), ...args], { reject: false });
}

const blockOf = async (name: string): Promise<Uint8Array> => {
  const bytes = await readFile(at(name));
  expect(findGrubenv(bytes)).toBe(9 * 512);
  return bytes.subarray(9 * 512, 9 * 512 + GRUBENV_BYTES);
};

describe('get', () => {
  it('prints the state of the first partition that has one', async () => {
    expect((await grubenv('get')).stdout).toBe('ORDER=Q P\nVERITY=off\nQ_OK=1');
  });

  it('prints the copy where the state is gone', async () => {
    await writeFile(at('QuayA'), Buffer.alloc(500_000));
    expect((await grubenv('get')).stdout).toContain('ORDER=P Q');
  });

  it('prints the copy where the first sector is gone: there the selector finds no file system', async () => {
    const bytes = partition(encodeGrubenv(STATE)).fill(0, 0, 512);
    await writeFile(at('QuayA'), bytes);
    expect((await grubenv('get')).stdout).toContain('ORDER=P Q');
    expect((await grubenv('set', 'VERITY=on')).exitCode).toBe(0);
    expect(decodeGrubenv(await blockOf('QuayA'))).toMatchObject({ ORDER: 'P Q', VERITY: 'on' });
  });

  it('block prints it as it stands on the disk', async () => {
    expect((await grubenv('block')).stdout).toBe(Buffer.from(encodeGrubenv(STATE)).toString());
  });

  it('fails where there is none', async () => {
    for (const each of ['QuayA', 'QuayB']) await writeFile(at(each), partition(Buffer.from('# GRUB Env')));
    const { exitCode, stderr } = await grubenv('get');
    expect([exitCode, stderr]).toEqual([1, 'caisson: no partition of this disk holds the state of a selector']);
  });
});

describe('set', () => {
  it('writes the state into every copy, as GRUB writes it, and no other byte', async () => {
    expect(await grubenv('set', 'VERITY=on', 'P_TRY=2')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const expected = encodeGrubenv({ ORDER: 'Q P', Q_OK: '1', VERITY: 'on', P_TRY: '2' });
    expect(decodeGrubenv(await blockOf('QuayA'))).toEqual({ ...STATE, VERITY: 'on', P_TRY: '2' });
    for (const name of ['QuayA', 'QuayB']) expect((await readFile(at(name))).equals(partition(expected))).toBe(true);
    expect((await readFile(at('DeckA'))).equals(Buffer.alloc(600_000, 7))).toBe(true);
  });

  it('repairs what is left of the state by the copy', async () => {
    const torn = Buffer.from(encodeGrubenv({})).fill('x', 30);
    await writeFile(at('QuayA'), partition(torn));
    expect((await grubenv('set', 'VERITY=on')).exitCode).toBe(0);
    const repaired = { ...STATE, ORDER: 'P Q', VERITY: 'on' };
    for (const name of ['QuayA', 'QuayB']) expect(decodeGrubenv(await blockOf(name))).toEqual(repaired);
  });

  it('keeps the copy where the state has variables but no order, as the selector does', async () => {
    await writeFile(at('QuayA'), partition(encodeGrubenv({ STARTED: '1' })));
    expect((await grubenv('get')).stdout).toContain('ORDER=P Q');
  });

  it('writes where every copy is empty', async () => {
    for (const each of ['QuayA', 'QuayB']) await writeFile(at(each), partition(encodeGrubenv({})));
    expect((await grubenv('set', 'VERITY=off')).exitCode).toBe(0);
    for (const name of ['QuayA', 'QuayB']) expect(decodeGrubenv(await blockOf(name))).toEqual({ VERITY: 'off' });
  });

  it.each(['VERITY', '=on', 'A B=1', 'VERITY=on\nORDER=B', 'VERITY=$(id)', 'VERITY=a\\'])(
    'refuses %j',
    async change => {
      const { exitCode, stderr } = await grubenv('set', change);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('is no NAME=VALUE')]);
      expect((await readFile(at('QuayA'))).equals(partition(encodeGrubenv(STATE)))).toBe(true);
    },
  );

  it('refuses more than the block holds', async () => {
    const { exitCode, stderr } = await grubenv('set', `LONG=${'x'.repeat(1000)}`);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/would have 10\d\d bytes; there is room for 1024/)]);
    expect((await readFile(at('QuayA'))).equals(partition(encodeGrubenv(STATE)))).toBe(true);
  });
});
