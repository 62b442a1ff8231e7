import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { UsageFault } from '../../pipeline/commands/context.ts';
import { verity } from '../../pipeline/commands/verity.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodeGrubenv, encodeGrubenv, findGrubenv, GRUBENV_BYTES } from '../../pipeline/formats/grubenv.ts';
import { grubConfiguration } from '../../pipeline/stages/selector/grub.ts';
import { projectFolder } from '../config/project-folder.ts';
import { diskOf } from '../disk/inspect/image.ts';
import { commandContext } from './context.ts';

const folder = projectFolder({});
const at = (name: string): string => path.join(folder.path, name);
const SLOT = { slot: 'Q', bootPartition: 7, statePartition: 5, filled: true };
const STATE = { ORDER: 'Q P', VERITY: 'off', Q_TRY: '2' };

/** A partition of a selector: the state at its fourth sector. */
function state(variables: Record<string, string>): Uint8Array {
  const bytes = Buffer.alloc(4096);
  bytes.set(encodeGrubenv(variables), 3 * 512);
  return bytes;
}

const disk = diskOf([
  { name: 'Bank' },
  { name: 'Quay', content: state(STATE) },
  { name: 'Deck', content: Buffer.alloc(4096, '# GRUB Environment Block ') },
  { name: 'Quay 2', content: state({ ...STATE, ORDER: 'P' }) },
]);
beforeEach(async () => writeFile(at('tern.raw'), disk.bytes));

async function run(to: 'on' | 'off' | null, own = {}): Promise<string> {
  const context = commandContext(folder.path, own);
  expect(await verity(context, { image: at('tern.raw'), images: at('out'), to })).toBe(0);
  return folder.relative(context.printed);
}

/** States of the disk in the file, in order of their place. */
function states(): Record<string, string>[] {
  const found: Record<string, string>[] = [];
  for (let bytes = readFileSync(at('tern.raw')); ;) {
    const start = findGrubenv(bytes);
    if (start === null) return found;
    found.push(decodeGrubenv(bytes.subarray(start, start + GRUBENV_BYTES)));
    bytes = bytes.subarray(start + 512);
  }
}

describe('an image with a selector', () => {
  test('is asked, and stays as it is', async () => {
    expect(await run(null)).toBe('tern.raw: the root is not verified\n');
    expect(readFileSync(at('tern.raw')).equals(disk.bytes)).toBe(true);
  });

  test('is switched: all copies of the state are equal, and nothing else changes', async () => {
    expect(await run('on')).toBe('tern.raw: the root is verified from now on\n');
    expect(states()).toEqual(Array.from({ length: 2 }, () => ({ ...STATE, VERITY: 'on' })));
    expect(await run(null)).toBe('tern.raw: the root is verified\n');
    await run('off');
    const expected = Buffer.from(disk.bytes);
    expected.set(encodeGrubenv(STATE), expected.lastIndexOf('# GRUB Environment Block\nORDER'));
    expect(readFileSync(at('tern.raw')).equals(expected)).toBe(true);
  });

  test('whose state is empty keeps what the copy says, as the selector does', async () => {
    const parts = [state({ STARTED: '1' }), state({ ...STATE, ORDER: 'P' })];
    await writeFile(at('tern.raw'), diskOf(parts.map((content, index) => ({ name: `Quay ${index}`, content }))).bytes);
    expect(await run('on')).toBe('tern.raw: the root is verified from now on\n');
    expect(states()).toEqual(parts.map(() => ({ ...STATE, ORDER: 'P', VERITY: 'on' })));
  });

  test('as JSON', async () => {
    expect(JSON.parse(await run('on', { json: true }))).toEqual({
      file: 'tern.raw',
      verity: 'on',
      before: 'off',
      partitions: ['Quay', 'Quay 2'],
    });
  });
});

describe('refuses', () => {
  const refused = async (to: 'on' | null = 'on'): Promise<unknown> =>
    verity(commandContext(folder.path), { image: at('tern.raw'), images: at('out'), to }).catch(
      (error: unknown) => error,
    );

  test('an image without a selector', async () => {
    await writeFile(at('tern.raw'), diskOf([{ name: 'Bank' }]).bytes);
    for (const to of ['on', null] as const) {
      const error = await refused(to);
      expect(error).toBeInstanceOf(UsageFault);
      expect(error).toMatchObject({ message: expect.stringContaining('has no selector whose state') as string });
    }
  });

  test('what is no disk', async () => {
    await writeFile(at('tern.raw'), 'kelp'.repeat(1000));
    expect(await refused()).toBeInstanceOf(FormatFault);
    expect(readFileSync(at('tern.raw'), 'utf8')).toBe('kelp'.repeat(1000));
  });

  test('a file that is not there', async () =>
    await expect(
      verity(commandContext(folder.path), { image: at('gull.raw'), images: at('out'), to: null }),
    ).rejects.toThrow('no image'));
});

describe('a selector that does not ask', () => {
  const selector = (text: string): Buffer => Buffer.concat([state(STATE), Buffer.from(text)]);
  const asks = grubConfiguration([{ ...SLOT, profiles: { verified: 1, unverified: 2 } }]);
  const enforces = grubConfiguration([{ ...SLOT, profiles: { verified: 1, unverified: null } }]);

  test.each(['on', 'off'] as const)('cannot be switched %s, whatever its state says', async to => {
    const { bytes } = diskOf([{ name: 'Quay', content: selector(enforces) }]);
    await writeFile(at('tern.raw'), bytes);
    expect(await run(null)).toBe('tern.raw: the root is verified; that is enforced\n');
    await expect(run(to)).rejects.toThrow('verification of its root is enforced');
    expect(readFileSync(at('tern.raw')).equals(bytes)).toBe(true);
  });

  test('is not one that asks', async () => {
    await writeFile(at('tern.raw'), diskOf([{ name: 'Quay', content: selector(asks) }]).bytes);
    expect(await run('on')).toBe('tern.raw: the root is verified from now on\n');
  });
});
