import { expect, test } from 'vitest';
import { recordFaults } from '../../../pipeline/commands/verify/check-disk.ts';

const disk = { gpt: { diskGuid: 'd1', faults: [] }, partitions: [] };

test('a disk of the GUID in build.json is sound', () =>
  expect(recordFaults(disk, { diskGuid: 'd1', partitions: [] })).toEqual([]));

test.each([
  [null, 'the disk is d1, that of build.json has no GUID'],
  ['d2', 'the disk is d1, that of build.json d2'],
])('the GUID %s is a fault', (diskGuid, fault) =>
  expect(recordFaults(disk, { diskGuid, partitions: [] })).toEqual([fault]),
);
