/** What each claim of scenario `damaged` writes over the disk: that, and no other byte. */
import { describe, expect, test } from 'vitest';
import { type Claim } from '../../pipeline/claims/claim.ts';
import { ClaimFault } from '../../pipeline/claims/fault.ts';
import { STATE, UKI } from '../../pipeline/claims/disk-parts.ts';
import { isEnforced } from '../../pipeline/claims/enforced.ts';
import { CLAIMS } from '../../pipeline/claims/index.ts';
import type { Extent } from '../../pipeline/formats/fat-files.ts';
import { decodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { byteAt, damagedBytes, DISK, ENFORCED, extentsOf, within } from './disk.ts';
import { DECLARATION } from './subject.ts';

const [rootB, rootA] = DISK.roots;
if (rootA?.slot !== 'A' || rootB?.slot !== 'B') throw new Error('the roots are elsewhere');
const BLOCK = 4096;
const first = ({ start }: Extent, blocks = 1): Extent => ({ start, end: start + blocks * BLOCK });
const claimOf = (name: string): Claim => {
  const found = CLAIMS.find(each => each.name === name);
  if (found === undefined) throw new Error(`no claim ${name}`);
  return found;
};
const ONE_BIT: Record<string, [file: string, slot: 'A' | 'B'][]> = {
  'uki-changed': [['SLOT.EFI', 'A']],
  'selector-changed': [['GRUBX64.EFI', 'A']],
  'shim-changed': [['BOOTX64.EFI', 'A']],
  'no-prompt': [
    ['SLOT.EFI', 'A'],
    ['SLOT.EFI', 'B'],
  ],
};
/** Each extent is written over from its first byte to its last. */
const WHOLE: Record<string, Extent[]> = {
  'root-beyond-correction': [first(rootA.data), rootA.fec],
  'hash-tree-destroyed': [{ ...rootA.tree, start: rootA.tree.start + BLOCK }, rootA.fec],
  'superblock-destroyed': [first(rootA.tree)],
  'late-damage': [rootA.fec],
  'command-line': [],
};
const bothStates = [...extentsOf('GRUBENV', 'A'), ...extentsOf('GRUBENV', 'B')];
const STATES: Record<string, { state: Record<string, string> | null; more: readonly Extent[] }> = {
  'state-garbage': { state: null, more: [] },
  'state-empty': { state: {}, more: [] },
  'state-hostile': { state: { ORDER: 'B A', A_OK: '1', VERITY: 'off', kernelopts: 'init=/bin/sh' }, more: [] },
  'loader-destroyed': { state: { ORDER: 'B A', VERITY: 'enforced' }, more: extentsOf('BOOTX64.EFI', 'A') },
};

test('every claim that damages is here', () => {
  const names = CLAIMS.filter(each => each.damage !== null).map(each => each.name);
  expect(names.toSorted()).toEqual([ONE_BIT, WHOLE, STATES].flatMap(each => Object.keys(each)).toSorted());
  for (const claim of CLAIMS) expect(claim.damage !== null, claim.name).toBe(claim.scenario === 'damaged');
});

test.each(Object.entries(ONE_BIT))('%s turns one bit of each file', async (name, files) => {
  const changed = await damagedBytes(claimOf(name));
  expect(changed.size).toBe(files.length);
  for (const [file, slot] of files) {
    const here = [...changed].filter(([offset]) => within(offset, extentsOf(file, slot)));
    expect(here).toHaveLength(1);
    for (const [offset, byte] of here) expect((byte ^ byteAt(offset)).toString(2)).toMatch(/^10*$/);
  }
});

test.each(Object.entries(WHOLE))('%s writes over what it names', async (name, extents) => {
  const parts = (await claimOf(name).damage?.(DISK)) ?? [];
  const covered = parts.map(({ start, bytes }) => ({ start, end: start + bytes.length }));
  expect(covered).toEqual(extents);
  const changed = await damagedBytes(claimOf(name));
  for (const extent of extents) {
    const share = [...changed.keys()].filter(offset => within(offset, [extent])).length / (extent.end - extent.start);
    expect(share).toBeGreaterThan(0.98);
  }
});

describe.each(Object.entries(STATES))('%s', (name, { state, more }) => {
  test('writes the state on both partitions, across its clusters', async () => {
    const parts = (await claimOf(name).damage?.(DISK)) ?? [];
    for (const slot of ['A', 'B'] as const) {
      const block = Buffer.concat(
        extentsOf('GRUBENV', slot).map(({ start }) => parts.find(part => part.start === start)?.bytes ?? Buffer.of()),
      );
      expect(block).toHaveLength(1024);
      if (state === null) expect(block.includes('#')).toBe(false);
      else expect(decodeGrubenv(block)).toMatchObject(state);
      if (name === 'state-empty') expect(decodeGrubenv(block)).toEqual({});
    }
  });

  test('and nothing else', async () => {
    const changed = [...(await damagedBytes(claimOf(name))).keys()];
    expect(changed.filter(offset => !within(offset, [...bothStates, ...more]))).toEqual([]);
    for (const extent of more) expect(changed.filter(offset => within(offset, [extent])).length).toBeGreaterThan(8000);
  });

  test('is a fault where no partition has one', async () => {
    const bare = { ...DISK, files: DISK.files.filter(each => each.path !== STATE) };
    await expect(claimOf(name).damage?.(bare)).rejects.toThrow(ClaimFault);
  });
});

test('what is to be damaged and is not there is a fault', async () => {
  const bare = { ...DISK, files: DISK.files.filter(each => each.path !== UKI), roots: [] };
  for (const name of ['uki-changed', 'no-prompt', ...Object.keys(WHOLE).filter(each => each !== 'command-line')])
    await expect(claimOf(name).damage?.(bare), name).rejects.toThrow(ClaimFault);
});

describe('claims of enforced verification', () => {
  const enforced = CLAIMS.filter(each => ['attacked', 'damaged'].includes(each.scenario));

  test.each(enforced.map(each => [each.name, each] as const))('%s: of no image that can switch it off', (_, claim) => {
    expect(claim.applies(ENFORCED)).toBe(true);
    expect(claim.applies({ ...ENFORCED, verifiedBoot: 'switchable' })).toBe(false);
  });

  test('that need a second slot are of no image with one', () => {
    const partitions = ENFORCED.partitions.filter(each => each.slot !== 'B');
    const left = enforced.filter(each => each.applies({ ...ENFORCED, partitions })).map(each => each.name);
    expect(left).toEqual(['predicted-pcrs', 'secure-boot', 'hostile-data']);
    const other = ENFORCED.partitions.map(each => (each.slot === 'B' ? { ...each, content: 'kern' } : each));
    expect(claimOf('uki-changed').applies({ ...ENFORCED, partitions: other })).toBe(false);
  });

  test('and none of the others needs that it is enforced', () => {
    expect(isEnforced(DECLARATION)).toBe(false);
    const others = CLAIMS.filter(each => !enforced.includes(each) && each.applies(ENFORCED));
    for (const claim of others) expect(claim.applies({ ...ENFORCED, verifiedBoot: 'switchable' })).toBe(true);
  });
});
