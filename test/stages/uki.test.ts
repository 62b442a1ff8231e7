import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { selector } from '../../pipeline/stages/selector.ts';
import { profiles, uki, verityParameters } from '../../pipeline/stages/uki.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { artifactOf, contextOf } from './context.ts';
import { layoutOf, twoSlots, viewOf } from './documents.ts';

const folder = scratchDirectory();

describe('profiles', () => {
  test.each([
    [
      ['A', 'B'] as const,
      ['auto', 'a', 'b', 'a-unverified', 'b-unverified'],
      [
        'caisson.slot=auto',
        'caisson.slot=A rauc.slot=A',
        'caisson.slot=B rauc.slot=B',
        'caisson.slot=A rauc.slot=A caisson.verity=off',
        'caisson.slot=B rauc.slot=B caisson.verity=off',
      ],
    ],
    [
      ['only'] as const,
      ['auto', 'only', 'only-unverified'],
      ['caisson.slot=auto', 'caisson.slot=only rauc.slot=only', 'caisson.slot=only rauc.slot=only caisson.verity=off'],
    ],
    [[] as const, ['auto'], ['caisson.slot=auto']],
  ])('of slots %j', (slots, ids, slotParameters) => {
    const all = profiles({ slots, switchable: true }, ['quiet', 'panic=5']);
    expect(all.map(profile => profile.id)).toEqual(ids);
    expect(all.map(profile => profile.cmdline)).toEqual(slotParameters.map(each => `quiet panic=5 ${each}`));
    expect(new Set(all.map(profile => profile.title)).size).toBe(all.length);
  });
});

test('the selector asks for a slot by the numbers that its profiles have', () => {
  for (const layout of [
    twoSlots(),
    layoutOf([
      { content: 'kern', slot: 'B' },
      { content: 'state', slot: 'B' },
      { content: 'kern', slot: 'A' },
    ]),
  ]) {
    const resolved = uki.resolve({ content: 'kern' }, viewOf({ layout }));
    for (const each of selector.resolve({ boot: 'kern', state: 'state' }, viewOf({ layout })).slots) {
      const [verified, not] = [each.profiles.verified, each.profiles.unverified].map(
        number => profiles(resolved, [])[number ?? -1]?.cmdline,
      );
      expect(verified).toMatch(new RegExp(`caisson\\.slot=${each.slot} rauc.slot=${each.slot}$`));
      expect(not).toMatch(new RegExp(`caisson\\.slot=${each.slot} .* caisson\\.verity=off$`));
    }
  }
});

test('where verification is enforced, no profile leaves it out, and the selector asks for none', () => {
  const view = viewOf({ verifiedBoot: 'enforced' });
  const all = profiles(uki.resolve({ content: 'kern' }, view), []);
  expect(all.map(each => each.id)).toEqual(['auto', 'a', 'b']);
  const { slots, state } = selector.resolve({ boot: 'kern', state: 'state' }, view);
  expect(slots.map(each => each.profiles)).toEqual([
    { verified: 1, unverified: null },
    { verified: 2, unverified: null },
  ]);
  expect(state.VERITY).toBe('enforced');
});

test.each(['restart', 'panic', 'eio'] as const)('what cannot be corrected: %s', onCorruption => {
  expect(uki.resolve({ content: 'kern', onCorruption }, viewOf()).cmdline).toEqual([
    `caisson.on_corruption=${onCorruption}`,
  ]);
});

test('verityParameters: where the hash tree and the code are, and what they must say', () => {
  expect(verityParameters({ rootHash: 'abc', hashOffset: 4096, fecOffset: 8192, fecRoots: 7, other: 1 })).toEqual([
    'caisson.roothash=abc',
    'caisson.hash_offset=4096',
    'caisson.fec_offset=8192',
    'caisson.fec_roots=7',
  ]);
});

test('build: the profiles of each slot, joined to the one with the kernel; the kernel’s release from the initrd', async () => {
  const context = contextOf(folder, {
    inputs: {
      kernel: artifactOf(folder, 'kernel'),
      initrd: artifactOf(folder, 'initrd', { facts: { kernel: '6.66-tide' } }),
      verity: artifactOf(folder, 'root', { facts: { rootHash: 'abc', hashOffset: 1, fecOffset: 2, fecRoots: 3 } }),
    },
    run: (_, { out }) => writeFileSync(out, 'PE'),
  });
  const facts = await uki.build(uki.resolve({ content: 'kern', cmdline: ['quiet'] }, viewOf()), context);
  const file = (name: string): string => readFileSync(join(context.work, name), 'utf8');
  expect(context.calls.map(call => [call.program, ...call.args].join(' '))).toEqual([
    'ukify build --profile=@/mnt/work/profile-1 --cmdline=@/mnt/work/cmdline-1 --output=/mnt/work/profile-1.efi',
    'ukify build --profile=@/mnt/work/profile-2 --cmdline=@/mnt/work/cmdline-2 --output=/mnt/work/profile-2.efi',
    'ukify build --profile=@/mnt/work/profile-3 --cmdline=@/mnt/work/cmdline-3 --output=/mnt/work/profile-3.efi',
    'ukify build --profile=@/mnt/work/profile-4 --cmdline=@/mnt/work/cmdline-4 --output=/mnt/work/profile-4.efi',
    'ukify build --stub=/usr/lib/systemd/boot/efi/linuxx64.efi.stub --linux=/mnt/inputs/kernel --initrd=/mnt/inputs/initrd --uname=6.66-tide --os-release=@/mnt/work/os-release --profile=@/mnt/work/profile-0 --cmdline=@/mnt/work/cmdline-0 --join-profile=/mnt/work/profile-1.efi --join-profile=/mnt/work/profile-2.efi --join-profile=/mnt/work/profile-3.efi --join-profile=/mnt/work/profile-4.efi --output=/mnt/work/artifact',
  ]);
  expect(file('profile-2')).toBe('ID=b\nTITLE=slot B\n');
  expect(file('cmdline-2')).toBe(
    'quiet caisson.on_corruption=restart caisson.roothash=abc caisson.hash_offset=1 caisson.fec_offset=2 caisson.fec_roots=3 caisson.slot=B rauc.slot=B',
  );
  expect(file('os-release')).toContain('IMAGE_ID=galleon\n');
  expect(facts).toMatchObject({ kernel: '6.66-tide', profiles: [{ id: 'auto' }, { id: 'a' }, { id: 'b' }, {}, {}] });
});

test('a UKI that its partition has no room for', async () => {
  const layout = layoutOf([{ name: 'Tiny', content: 'kern', size: 4096, filesystem: 'vfat' }]);
  const context = contextOf(folder, {
    inputs: { verity: artifactOf(folder, '') },
    run: (_, { out }) => writeFileSync(out, Buffer.alloc(5120)),
  });
  await expect(uki.build(uki.resolve({ content: 'kern' }, viewOf({ layout })), context)).rejects.toThrow(
    'the UKI takes 5 KiB, but Tiny has 4 KiB: 1 KiB too much',
  );
});
