import { expect, test } from 'vitest';
import { recordFaults } from '../../../pipeline/commands/verify/check-disk.ts';
import type { InspectedPartition } from '../../../pipeline/formats/inspection.ts';

const disk = { gpt: { diskGuid: 'd1', faults: [] }, partitions: [] };

test('a disk of the GUID in build.json is sound', () =>
  expect(recordFaults(disk, { diskGuid: 'd1', partitions: [] })).toEqual([]));

test.each([
  [null, 'the disk is d1, that of build.json has no GUID'],
  ['d2', 'the disk is d1, that of build.json d2'],
])('the GUID %s is a fault', (diskGuid, fault) =>
  expect(recordFaults(disk, { diskGuid, partitions: [] })).toEqual([fault]),
);

const hold = { name: 'Hold', start: 4096, size: 8192, uuid: 'u1' };
const told = { ...hold, content: 'cargo', used: 0 };
const found = { ...hold, end: hold.start + hold.size } as InspectedPartition;

test('the same partitions are sound', () =>
  expect(recordFaults({ gpt: null, partitions: [found] }, { diskGuid: null, partitions: [told] })).toEqual([]));

test.each<[string, InspectedPartition[], string[]]>([
  ['one that is missing', [], ['Hold is not on the disk']],
  ['one too many', [found, { ...found, name: 'Stowaway' }], ['Stowaway is on the disk, but not in build.json']],
  [
    'one elsewhere',
    [{ ...found, start: 0, end: 8192 }],
    ['Hold is at [0, 8192) by the UUID u1; build.json says [4096, 12288) and u1'],
  ],
  ['another size', [{ ...found, size: 1, end: 4097 }], [expect.stringContaining('Hold is at [4096, 4097)') as string]],
  ['another UUID', [{ ...found, uuid: 'u2' }], [expect.stringContaining('by the UUID u2; build.json says') as string]],
])('%s is a fault', (_, partitions, faults) =>
  expect(recordFaults({ gpt: null, partitions }, { diskGuid: null, partitions: [told] })).toEqual(faults),
);
