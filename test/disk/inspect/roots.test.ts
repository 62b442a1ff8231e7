import { describe, expect, it } from 'vitest';
import { matchRoots } from '../../../pipeline/disk/inspect/roots.ts';
import type {
  EfiBinary,
  InspectedPartition,
  InspectedProfile,
  InspectedVerity,
} from '../../../pipeline/formats/inspection.ts';

const HASH = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const HASH_OFFSET = 81_920_000;

function profile(index: number | null, cmdline: string): InspectedProfile {
  return { index, id: `p${index}`, title: '', cmdline, overrides: [], root: null, pcr11: null };
}

function binary(...profiles: InspectedProfile[]): EfiBinary {
  const none = { osRelease: {}, uname: null, sbat: [], sections: [], signatures: { count: 0, size: 0 } };
  return { path: '/EFI/reef.efi', size: 7, program: { ...none, kind: 'uki', machine: 'arm64', signers: [], profiles } };
}

function partition(name: string, own: Partial<InspectedPartition> = {}): InspectedPartition {
  const slot = name.endsWith('A') ? 'A' : name.endsWith('B') ? 'B' : null;
  const nothing = { filesystem: null, verity: null, used: null, free: null, efi: null, faults: [], attributes: [] };
  const place = { number: 7, type: '', typeName: null, uuid: '', start: 0, end: 2 ** 30, size: 2 ** 30 };
  return { ...place, ...nothing, name, slot, content: 'unknown', ...own };
}

/** A root whose tree ends 128 MiB in, and of which 20 000 blocks are data. */
function root(name: string, rootHash: string, fec: InspectedVerity['fec'] = null): InspectedPartition {
  const tree = { start: HASH_OFFSET + 4096, end: 2 ** 27, levels: 3 };
  const blocks = { dataBlockSize: 4096, hashBlockSize: 4096, dataBlocks: 20_000 };
  const verity = {
    offset: HASH_OFFSET,
    uuid: '',
    hashType: 1,
    algorithm: 'sha256',
    ...blocks,
    salt: '',
    tree,
    rootHash,
    fec,
  };
  return partition(name, { verity, used: tree.end, free: 2 ** 30 - tree.end });
}

const faultsOf = (partitions: InspectedPartition[]): string[] => matchRoots(partitions).flatMap(({ faults }) => faults);

describe('matchRoots', () => {
  it('names the partitions that have the root hash of a profile', () => {
    const kernel = binary(profile(0, `quiet roothash=${HASH.toUpperCase()}`), profile(1, 'quiet'));
    const [boot] = matchRoots([
      partition('Boot', { efi: [kernel] }),
      root('Reef', HASH),
      root('', HASH),
      root('Sand', OTHER),
    ]);
    expect(boot?.efi?.[0]?.program?.profiles.map(each => each.root)).toEqual([
      { hash: HASH, partitions: ['Reef', 'partition 7'] },
      null,
    ]);
    expect(boot?.faults).toEqual([]);
  });

  it.each(['caisson.roothash', 'roothash', 'usrhash'])('knows %s=, the last of several', name => {
    const efi = [binary(profile(null, `${name}=${OTHER} x=${HASH} ${name}=${HASH}`))];
    const [boot] = matchRoots([partition('Boot', { efi }), root('Reef', HASH)]);
    expect(boot?.efi?.[0]?.program?.profiles[0]?.root?.partitions).toEqual(['Reef']);
  });

  it('finds the fault of a root hash that no partition has, once for all profiles that ask for it', () => {
    const efi = [
      binary(profile(0, `roothash=${OTHER}`), profile(1, `roothash=${HASH}`), profile(2, `roothash=${OTHER}`)),
    ];
    expect(faultsOf([partition('Boot', { efi }), root('Reef', HASH)])).toEqual([
      `/EFI/reef.efi, profile @0, @2: no partition has its root hash ${OTHER} (Reef has ${HASH})`,
    ]);
    const bare = [binary(profile(null, `roothash=${OTHER}`))];
    expect(faultsOf([partition('Boot', { efi: bare })])).toEqual([
      `/EFI/reef.efi: no partition has its root hash ${OTHER} (none has a hash tree)`,
    ]);
  });

  it('finds the fault of a kernel whose root is in the other slot', () => {
    const both = [
      profile(0, `caisson.roothash=${HASH} caisson.slot=auto`),
      profile(1, `caisson.roothash=${HASH} caisson.slot=A`),
    ];
    const efi = [binary(...both, profile(2, `caisson.roothash=${HASH} caisson.slot=B`))];
    const roots = [root('ReefA', OTHER), root('ReefB', HASH)];
    expect(faultsOf([partition('BootA', { efi }), ...roots])).toEqual([
      '/EFI/reef.efi, profile @0, @1: its root hash is that of ReefB, but it starts slot A',
    ]);
    expect(faultsOf([partition('BootB', { efi }), ...roots])).toEqual([]);
    expect(faultsOf([partition('Boot', { efi }), ...roots])).toEqual([]);
  });

  it('does not mind the profile of the other slot, which is not started from here', () => {
    const efi = [
      binary(
        profile(1, `caisson.roothash=${HASH} caisson.slot=A`),
        profile(2, `caisson.roothash=${HASH} caisson.slot=B`),
      ),
    ];
    expect(faultsOf([partition('BootA', { efi }), root('ReefA', HASH), partition('ReefB')])).toEqual([]);
  });

  it('finds the faults of offsets that are not those of the partition', () => {
    const words = `caisson.roothash=${HASH} caisson.hash_offset=4096 caisson.fec_offset=8192 caisson.fec_roots=2`;
    const efi = [binary(profile(null, words))];
    expect(faultsOf([partition('Boot', { efi }), root('Reef', HASH)])).toEqual([
      `/EFI/reef.efi: it looks for the hash tree of Reef at 4096, which is at ${HASH_OFFSET}`,
      `/EFI/reef.efi: it looks for the FEC of Reef at 8192, its hash tree ends at ${2 ** 27}`,
      '/EFI/reef.efi: Reef has no FEC behind its hash tree',
    ]);
  });

  it('takes the length of FEC from the command line, and what is used with it', () => {
    const start = 2 ** 27;
    const words = (roots: string) => `caisson.roothash=${HASH} caisson.fec_offset=${start} caisson.fec_roots=${roots}`;
    const found = (roots: string) =>
      matchRoots([
        partition('Boot', { efi: [binary(profile(null, words(roots)))] }),
        root('Reef', HASH, { start, end: null, roots: null }),
      ])[1];
    // 20 000 blocks of data and those up to the FEC, 248 of each 255 bytes: 7 of parity for each.
    const end = start + Math.ceil((20_000 + (start - HASH_OFFSET - 4096) / 4096) / 248) * 7 * 4096;
    expect(found('7')).toMatchObject({
      verity: { fec: { start, end, roots: 7 } },
      used: end,
      free: 2 ** 30 - end,
      faults: [],
    });
    for (const odd of ['1', '25', '-2', 'x', ''])
      expect(found(odd)).toMatchObject({ verity: { fec: { end: null, roots: null } }, used: start });
  });

  it('takes no length of FEC from a command line that looks for it elsewhere', () => {
    const start = 2 ** 27;
    const efi = [
      binary(profile(null, `caisson.roothash=${HASH} caisson.fec_offset=${start + 4096} caisson.fec_roots=7`)),
    ];
    const [, reef] = matchRoots([partition('Boot', { efi }), root('Reef', HASH, { start, end: null, roots: null })]);
    expect(reef).toMatchObject({ verity: { fec: { end: null, roots: null } }, used: start });
  });

  it('finds the fault of FEC that does not fit', () => {
    const start = 2 ** 27;
    const efi = [binary(profile(null, `caisson.roothash=${HASH} caisson.fec_offset=${start} caisson.fec_roots=24`))];
    const small = { ...root('Reef', HASH, { start, end: null, roots: null }), size: start + 4096 };
    expect(matchRoots([partition('Boot', { efi }), small])[1]).toMatchObject({
      used: start + 4096,
      free: 0,
      faults: [expect.stringMatching(/^its FEC ends at \d+, the partition has 134221824 bytes$/)],
    });
  });
});
