import { expect, test } from 'vitest';
import { buildRecord } from '../../../pipeline/commands/build/record.ts';
import { recordInput } from './galleon-build.ts';

test('tells what was made, from what, and by whom', () => {
  const record = buildRecord(recordInput());
  expect(record).toMatchObject({
    image: 'galleon',
    version: '7.3',
    epoch: 1_444_444_444,
    layout: 'stern',
    rootHash: 'c0ffee',
    hashOffset: 4096,
    fecOffset: 8192,
    fecRoots: 7,
    kernel: null,
    profiles: [],
    diskGuid: 'g',
    size: 99,
    sectorSize: 4096,
    partitions: [{ name: 'SysA', used: 5 }],
    headroom: [{ content: 'sys', partitions: ['SysA', 'SysB'], used: 5, reserve: 0 }],
    budgets: [{ name: 'packages', limit: 9, found: 2 }],
    bundle: null,
    artifacts: [{ name: 'box', path: 'galleon.raw', bytes: 16, sha256: 'd-box' }],
    packages: { cargo: [{ name: 'rope' }, { name: 'sail' }] },
    packageCount: 2,
    uid: 4321,
    root: false,
  });
  expect(record.tools).toMatchObject({ mmdebstrap: '3.1', liblz: '9' });
  expect((record.stages as object[])[0]).toEqual({
    id: 'parts',
    stage: 'packages',
    key: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    parts: expect.objectContaining({ stage: 'packages/3' }) as object,
    sha256: 'd-parts',
    bytes: 10,
    cached: true,
    seconds: 1.235,
  });
  expect(record.stages).toHaveLength(7);
});

test('names no place of the machine', () =>
  expect(JSON.stringify(buildRecord(recordInput()))).not.toMatch(/\/cache|\/srv|\/host/));

test('a plan without verity and disk has none to tell of', () => {
  const input = recordInput();
  const record = buildRecord({ ...input, plan: { ...input.plan, steps: input.plan.steps.slice(0, 1) } });
  expect(record).toMatchObject({ rootHash: null, diskGuid: null, size: null, partitions: [], artifacts: [] });
});
