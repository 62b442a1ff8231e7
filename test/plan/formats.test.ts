import { describe, expect, test } from 'vitest';
import type { Image, Step } from '../../pipeline/config/types.ts';
import { withFormats } from '../../pipeline/plan/formats.ts';
import { imageOf } from '../stages/documents.ts';

const disk: Step = { id: 'plank', stage: 'disk', inputs: {}, options: {} };
const boxed: Step = {
  id: 'box',
  stage: 'container',
  inputs: { disk: 'plank' },
  options: { format: 'vhdx', blockSize: '32 MiB' },
};
const squeezed: Step = { id: 'press', stage: 'compress', inputs: { file: 'box' }, options: { level: 9 } };
const image = imageOf({ stages: [boxed, disk] });

const formatted = (of: Image, ...formats: string[]): Step[] | undefined =>
  withFormats(of, { formats, compress: 'none' })?.stages;
const compressed = (of: Image, ...formats: string[]): Step[] | undefined =>
  withFormats(of, { formats, compress: 'zst' })?.stages;
const ids = (steps: readonly Step[] | undefined): string[] | undefined => steps?.map(step => step.id);

describe('--format', () => {
  test('without formats everything is as declared', () =>
    expect(withFormats(image, { formats: [], compress: 'none' })).toEqual(image));

  test('a declared one keeps its id and options', () => expect(formatted(image, 'vhdx')).toEqual([boxed, disk]));

  test('a new one is wired as the first that is declared, without its options', () => {
    expect(formatted(image, 'raw')).toEqual([
      disk,
      { id: 'raw', stage: 'container', inputs: { disk: 'plank' }, options: { format: 'raw' } },
    ]);
  });

  test('several: the declared one where it stands, new ones behind', () =>
    expect(ids(formatted(image, 'raw', 'vhdx', 'vhd'))).toEqual(['box', 'plank', 'raw', 'vhd']));

  test('a new one does not take the id of another step', () => {
    const other: Step = { id: 'raw', stage: 'tree', inputs: {}, options: {} };
    expect(ids(formatted(imageOf({ stages: [boxed, disk, other] }), 'raw'))).toEqual(['plank', 'raw', 'raw-file']);
    const more = ['raw', 'raw-file', 'raw-file-2'].map((id): Step => ({ ...other, id }));
    expect(ids(formatted(imageOf({ stages: [boxed, disk, ...more] }), 'raw'))?.at(-1)).toBe('raw-file-3');
  });

  test('one that another step reads stays', () => {
    const reader: Step = { id: 'sum', stage: 'command', inputs: { it: 'box' }, options: {} };
    expect(ids(formatted(imageOf({ stages: [boxed, disk, reader] }), 'raw'))).toEqual(['box', 'plank', 'sum', 'raw']);
  });

  test('what only compresses one that goes, goes with it', () => {
    const both = imageOf({ stages: [boxed, disk, squeezed] });
    expect(ids(formatted(both, 'raw'))).toEqual(['plank', 'raw']);
    expect(ids(formatted(both, 'raw', 'vhdx'))).toEqual(['box', 'plank', 'press', 'raw']);
    expect(ids(formatted(both))).toEqual(['box', 'plank', 'press']);
  });

  test('an image without a container has none to make', () =>
    expect(withFormats(imageOf({ stages: [disk] }), { formats: ['raw'], compress: 'none' })).toBeNull());
});

describe('--compress', () => {
  test('every container that is left gets a step that compresses it', () => {
    expect(compressed(image)).toEqual([
      boxed,
      disk,
      { id: 'box-zst', stage: 'compress', inputs: { file: 'box' }, options: {} },
    ]);
    expect(ids(compressed(image, 'raw', 'vhd'))).toEqual(['plank', 'raw', 'vhd', 'raw-zst', 'vhd-zst']);
  });

  test('one that the definition compresses keeps its step', () =>
    expect(ids(compressed(imageOf({ stages: [boxed, disk, squeezed] }), 'raw', 'vhdx'))).toEqual([
      'box',
      'plank',
      'press',
      'raw',
      'raw-zst',
    ]));

  test('does not take the id of another step', () => {
    const other: Step = { id: 'box-zst', stage: 'tree', inputs: {}, options: {} };
    expect(ids(compressed(imageOf({ stages: [boxed, disk, other] })))?.at(-1)).toBe('box-zst-file');
  });

  test('an image without a container has none to compress', () =>
    expect(withFormats(imageOf({ stages: [disk] }), { formats: [], compress: 'zst' })).toBeNull());
});
