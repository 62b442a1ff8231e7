import { expect, test } from 'vitest';
import { rootHashes } from '../../../pipeline/commands/prove/image-facts.ts';
import type { Inspection, InspectedPartition } from '../../../pipeline/formats/inspection.ts';

const profile = (slot: string | null, hash: string | null) => ({
  index: 0,
  id: '',
  title: '',
  cmdline: slot === null ? 'quiet' : `quiet caisson.slot=${slot}`,
  overrides: [],
  root: hash === null ? null : { hash, partitions: [] },
  pcr11: null,
});
const boot = (slot: 'A' | 'B' | null, profiles: ReturnType<typeof profile>[]): InspectedPartition => ({
  number: 1,
  name: 'Loft',
  type: '',
  typeName: null,
  uuid: '',
  attributes: [],
  slot,
  start: 0,
  end: 1,
  size: 1,
  content: 'filesystem',
  filesystem: null,
  verity: null,
  used: null,
  free: null,
  efi: [
    {
      path: '/EFI/loft.efi',
      size: 1,
      program: {
        kind: 'uki',
        machine: 'x64',
        signatures: { count: 0, size: 0 },
        signers: [],
        sections: [],
        osRelease: {},
        uname: null,
        sbat: [],
        profiles,
      },
    },
  ],
  faults: [],
});
const inspection = (...partitions: InspectedPartition[]): Inspection => ({
  container: { format: 'raw', size: 1, fileSize: 1, sectorSize: 512, vhdx: null },
  gpt: null,
  partitions,
  faults: [],
  notes: [],
});

test('each slot by the profile of its own boot partition', () => {
  const a = boot('A', [profile('auto', 'aa'), profile('A', 'aa'), profile('B', 'never')]);
  const b = boot('B', [profile('auto', 'bb'), profile('A', 'never'), profile('B', 'bb')]);
  expect(rootHashes(inspection(a, b))).toEqual({ A: 'aa', B: 'bb' });
});

test('a disk of one slot, whose partition has no letter', () => {
  expect(rootHashes(inspection(boot(null, [profile('A', 'aa')])))).toEqual({ A: 'aa' });
  // The guest calls a slot without a letter so.
  expect(rootHashes(inspection(boot(null, [profile('auto', 'cc')])))).toEqual({ only: 'cc' });
});

test('nothing that asks for a root hash', () => {
  expect(
    rootHashes(inspection(boot('A', [profile('A', null), profile(null, null)]), { ...boot('B', []), efi: null })),
  ).toEqual({});
});
