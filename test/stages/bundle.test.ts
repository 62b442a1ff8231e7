import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundle } from '../../pipeline/stages/bundle.ts';
import { OptionFault, type ImageView } from '../../pipeline/stages/stage.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { certificate, rsa } from '../engine/signer/certificates.ts';
import { artifactOf, contextOf, type FakeContext } from './context.ts';
import { layoutOf, twoSlots, viewOf } from './documents.ts';

const BLOCK = 4096;
const folder = scratchDirectory();
const PEM = certificate(rsa(2048), { from: '20150101000000Z', to: '20160101000000Z', extensions: [] });
const updates = {
  compatible: 'reef',
  downgrade: 'allow',
  selector: 'on',
  keyring: 'RING\n',
  hasSigning: true,
} as const;
const options = { contents: ['sys', 'kern'], selector: 'state' };
const view = (own: Partial<ImageView> = {}): ImageView =>
  viewOf({ updates, summary: 'A galleon', inputs: ['sys', 'kern', 'state'], ...own });

const sys = artifactOf(folder, Buffer.alloc(3 * BLOCK, 's'), { id: 'proof', facts: { rootHash: 'c0ffee', used: 7 } });
/** Holds something in its first 5000 bytes; the rest is free. */
const kern = artifactOf(folder, Buffer.concat([Buffer.alloc(5000, 'k'), Buffer.alloc(95_000)]), {
  facts: {
    extents: [
      [0, 1000],
      [4096, 904],
    ],
  },
});
const state = artifactOf(folder, Buffer.alloc(2 * BLOCK, 'b'), { facts: { extents: [[0, BLOCK]] } });
chmodSync(kern.path, 0o600);

interface Fakes {
  squashfs?: number;
  sign?: (text: string) => Buffer;
  verify?: (context: FakeContext) => void;
  seed?: string;
}

/** mksquashfs makes some blocks, veritysetup adds one, and what is signed says so. */
async function built({ squashfs = 2 * BLOCK, sign, verify, seed = 'salt water' }: Fakes = {}) {
  const context = contextOf(folder, {
    inputs: { sys, kern, state },
    run: ({ program, args }, own) => {
      if (program === 'env') writeFileSync(own.out, Buffer.alloc(squashfs, 'q'));
      if (program === 'veritysetup') {
        appendFileSync(own.out, Buffer.alloc(BLOCK, 'h'));
        writeFileSync(join(own.work, 'bundle-hash'), 'abad1dea\n');
      }
      if (program === 'openssl' && args[0] === 'cms') {
        copyFileSync(join(own.work, 'manifest.raucm'), join(own.work, 'read'));
        verify?.(own);
      }
    },
  });
  context.signer = {
    certificate: PEM,
    sign: async (request, signed) => {
      const text = readFileSync(join(context.work, request), 'utf8');
      writeFileSync(join(context.work, signed), sign?.(text) ?? Buffer.from(`by me: ${text}`));
    },
  };
  const facts = await bundle.build(bundle.resolve(options, view({ seed })), context);
  return { facts, context, bytes: readFileSync(context.out) };
}

const valueOf = (text: string, key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];

describe('a bundle', () => {
  test('is squashfs, hash tree, the signed manifest and its length, big-endian', async () => {
    const { bytes } = await built();
    const length = Number(bytes.readBigUInt64BE(bytes.length - 8));
    const signature = bytes.subarray(bytes.length - 8 - length, bytes.length - 8);
    expect(signature.toString()).toMatch(/^by me: \[update\]/);
    expect(bytes.subarray(0, -8 - length).toString()).toBe('q'.repeat(2 * BLOCK) + 'h'.repeat(BLOCK));
  });

  test('its hash tree stands behind the squashfs, of all of it, with a seeded salt', async () => {
    const [one, again, other] = [await built(), await built(), await built({ seed: 'fresh water' })];
    const argsOf = ({ context }: typeof one): readonly string[] =>
      context.calls.find(each => each.program === 'veritysetup')?.args ?? [];
    expect(argsOf(one)).toContain(`--hash-offset=${2 * BLOCK}`);
    expect(argsOf(one)).toContain('--data-blocks=2');
    expect(argsOf(one)).toContain('--no-superblock');
    expect(argsOf(again)).toEqual(argsOf(one));
    expect(argsOf(other)).not.toEqual(argsOf(one));
    const manifest = readFileSync(join(one.context.work, 'manifest.raucm'), 'utf8');
    expect(argsOf(one)).toContain(`--salt=${valueOf(manifest, 'verity-salt')}`);
    expect(valueOf(manifest, 'verity-hash')).toBe('abad1dea');
    expect(valueOf(manifest, 'verity-size')).toBe(String(BLOCK));
  });

  test('holds the root whole, and each FAT up to the block in which it ends', async () => {
    const { facts, context } = await built();
    const size = (name: string): number => statSync(join(context.work, 'payload', name)).size;
    expect([size('sys.img'), size('kern.img'), size('selector.img')]).toEqual([3 * BLOCK, 2 * BLOCK, BLOCK]);
    const cut = readFileSync(join(context.work, 'payload/kern.img'));
    expect(cut.equals(readFileSync(kern.path).subarray(0, 2 * BLOCK))).toBe(true);
    const sha256 = createHash('sha256').update(cut).digest('hex');
    expect(facts).toMatchObject({
      compatible: 'reef',
      version: '7.3',
      downgrade: 'allow',
      rootHash: 'c0ffee',
      images: [
        { content: 'sys', file: 'sys.img', bytes: 3 * BLOCK },
        { content: 'kern', file: 'kern.img', bytes: 2 * BLOCK, sha256 },
      ],
      selector: { content: 'state', file: 'selector.img', bytes: BLOCK },
      certificate: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  test('tells of no mode that the machine it was made on would have given', async () => {
    const { context } = await built();
    for (const name of ['sys.img', 'kern.img', 'selector.img'])
      expect(statSync(join(context.work, 'payload', name)).mode & 0o777, name).toBe(0o644);
  });

  test('is checked against the keyring, at the time of the image', async () => {
    const { context } = await built();
    const call = context.calls.find(each => each.program === 'openssl');
    expect(call?.args.join(' ')).toContain('-CAfile /mnt/work/keyring.pem -purpose codesign -attime 1444444444');
    expect(readFileSync(join(context.work, 'keyring.pem'), 'utf8')).toBe('RING\n');
  });

  test.each<[string, Fakes, string]>([
    [
      'that the keyring does not trust',
      {
        verify: () => {
          throw new Error('openssl cms failed\nmore');
        },
      },
      'is not one that the keyring trusts',
    ],
    [
      'of another manifest',
      { verify: ({ work }) => writeFileSync(join(work, 'read'), '[update]\ncompatible=wreck\n') },
      'is one of another manifest',
    ],
    ['that RAUC would not read', { sign: () => Buffer.alloc(2 ** 16 + 1) }, 'has 65537 B, and RAUC reads 64 KiB'],
  ])('with a signature %s is none', async (_, fakes, message) => {
    await expect(built(fakes)).rejects.toMatchObject({
      name: 'FormatFault',
      message: expect.stringContaining(message) as string,
    });
  });

  test('the longest signature that RAUC reads is taken', async () => {
    await expect(built({ sign: () => Buffer.alloc(2 ** 16) })).resolves.toBeDefined();
  });

  test.each([BLOCK, 2 * BLOCK + 1])(
    'of a squashfs of %d bytes is a bug: RAUC has no hash tree for it',
    async squashfs => expect(built({ squashfs })).rejects.toThrow(`a squashfs of ${squashfs} bytes`),
  );
});

describe('the options', () => {
  test('resolve to what is published, signed and trusted', () => {
    const resolved = bundle.resolve(options, view());
    expect(bundle.publishes(resolved)).toBe('galleon-7.3.raucb');
    expect(resolved).toMatchObject({ contents: ['sys', 'kern'], selector: 'state', keyring: 'RING\n' });
    const inputs = ['sys', 'kern'];
    expect(bundle.resolve({ contents: inputs }, view({ inputs }))).toMatchObject({ selector: '' });
  });

  const dotted = layoutOf([{ content: 'sys.v2', slot: 'A', filesystem: 'erofs' }]);
  const taken = layoutOf([
    { content: 'selector', slot: 'A', filesystem: 'vfat' },
    { content: 'state', slot: 'A', filesystem: 'vfat' },
  ]);
  test.each<[string, Parameters<typeof bundle.resolve>[0], Partial<ImageView>, string, string]>([
    ['without updates', options, { updates: null }, '', 'the image takes no updates'],
    ['without a key', options, { updates: { ...updates, hasSigning: false } }, '', 'nothing says by which key'],
    ['of what no slot holds', { contents: ['sys', 'hold'] }, {}, 'contents[1]', '"hold" stands in no slot'],
    ['of an unknown content', { contents: ['cellar'] }, {}, 'content', 'no partition with content "cellar"'],
    ['of what is not wired', options, { inputs: ['sys', 'kern'] }, 'selector', 'nothing is wired to "state"'],
    ['with more than they name', { contents: ['sys'] }, {}, '', 'input "kern" is named by no option'],
    [
      'with a name that RAUC would take apart',
      { contents: ['sys.v2'] },
      { layout: dotted },
      'contents[0]',
      'RAUC has no slots by the name "sys.v2"',
    ],
    [
      'with a name that the selector has',
      { contents: ['selector'], selector: 'state' },
      { layout: taken, inputs: ['selector', 'state'] },
      'contents[0]',
      'RAUC has no slots by the name "selector"',
    ],
  ])('%s are a fault', (_, own, change, place, message) => {
    const resolve = (): unknown => bundle.resolve(own, view({ layout: twoSlots(), ...change }));
    expect(resolve).toThrow(OptionFault);
    expect(resolve).toThrow(
      expect.objectContaining({ path: place, message: expect.stringContaining(message) as string }),
    );
  });
});
