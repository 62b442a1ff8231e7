import { expect, test } from 'vitest';
import { decodeRecord } from '../../../pipeline/commands/verify/release-record.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';

const RECORD = {
  image: 'galleon',
  version: '7.3',
  epoch: 1_444_444_444,
  artifacts: [{ name: 'box', path: 'galleon.vhdx', bytes: 5, sha256: 'aa' }],
  stages: [{ id: 'deck', stage: 'tree', key: 'k', sha256: 'bb' }],
  rootHash: null,
  pcrs: { pcr4: null, pcr7: null, pcr11: [{ profile: 0, id: 'sail', value: 'cc' }] },
  diskGuid: null,
  bundle: null,
  partitions: [{ name: 'SysA', content: 'sys', uuid: 'u', start: 5, size: 7, used: 0 }],
  packages: { hold: [{ name: 'rope', version: '3', architecture: 'all' }] },
};

test('steps of a record without the parts of their keys have none', () =>
  expect(decodeRecord(JSON.stringify(RECORD)).stages).toEqual([{ ...RECORD.stages[0], parts: {} }]));

test.each<readonly [string, string]>([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['an image whose name leads elsewhere', JSON.stringify({ ...RECORD, image: '../galleon' })],
  ['a version that leads elsewhere', JSON.stringify({ ...RECORD, version: '../7' })],
  ['artifacts without a digest', JSON.stringify({ ...RECORD, artifacts: [{ name: 'box', path: 'x' }] })],
  ['no steps', JSON.stringify({ ...RECORD, stages: undefined })],
  ['no packages', JSON.stringify({ ...RECORD, packages: null })],
  ...[1e300, -5, 1.5].map(epoch => [`the epoch ${epoch}`, JSON.stringify({ ...RECORD, epoch })] as const),
  ...[{}, 'x', undefined, { pcr4: null, pcr7: null, pcr11: [null] }].map(
    pcrs => [`PCRs ${JSON.stringify(pcrs)}`, JSON.stringify({ ...RECORD, pcrs })] as const,
  ),
  ...[[], { hold: 5 }, { hold: [null] }].map(
    packages => [`packages ${JSON.stringify(packages)}`, JSON.stringify({ ...RECORD, packages })] as const,
  ),
  ['no bundle, and not said so', JSON.stringify({ ...RECORD, bundle: undefined })],
  ['a bundle without a selector, and not said so', JSON.stringify({ ...RECORD, bundle: { rootHash: 'aa' } })],
  ['a root hash that is none', JSON.stringify({ ...RECORD, rootHash: 'mast' })],
  ['a partition without a start', JSON.stringify({ ...RECORD, partitions: [{ name: 'SysA' }] })],
  ['parts that are no texts', JSON.stringify({ ...RECORD, stages: [{ ...RECORD.stages[0], parts: { a: 1 } }] })],
  ['an epoch in words', JSON.stringify({ ...RECORD, epoch: 'soon' })],
])('%s is refused', (_, text) => expect(() => decodeRecord(text)).toThrow(FormatFault));
