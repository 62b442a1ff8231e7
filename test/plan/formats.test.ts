import { describe, expect, test } from 'vitest';
import type { Step } from '../../pipeline/config/types.ts';
import { withFormats } from '../../pipeline/plan/formats.ts';
import { imageOf } from '../stages/documents.ts';

const disk: Step = { id: 'plank', stage: 'disk', inputs: {}, options: {} };
const boxed: Step = {
  id: 'box',
  stage: 'container',
  inputs: { disk: 'plank' },
  options: { format: 'vhdx', blockSize: '32 MiB' },
};
const image = imageOf({ stages: [boxed, disk] });

describe('withFormats', () => {
  test('without formats everything is as declared', () => expect(withFormats(image, [])).toEqual(image));

  test('a declared one keeps its id and options', () =>
    expect(withFormats(image, ['vhdx'])?.stages).toEqual([boxed, disk]));

  test('a new one is wired as the first that is declared, without its options', () => {
    expect(withFormats(image, ['raw'])?.stages).toEqual([
      disk,
      { id: 'raw', stage: 'container', inputs: { disk: 'plank' }, options: { format: 'raw' } },
    ]);
  });

  test('several: the declared one where it stands, new ones behind', () =>
    expect(withFormats(image, ['raw', 'vhdx'])?.stages.map(step => step.id)).toEqual(['box', 'plank', 'raw']));

  test('a new one does not take the id of another step', () => {
    const other: Step = { id: 'raw', stage: 'tree', inputs: {}, options: {} };
    const stages = withFormats(imageOf({ stages: [boxed, disk, other] }), ['raw'])?.stages;
    expect(stages?.map(step => step.id)).toEqual(['plank', 'raw', 'raw-file']);
  });

  test('one that another step reads stays', () => {
    const reader: Step = { id: 'sum', stage: 'command', inputs: { it: 'box' }, options: {} };
    const stages = withFormats(imageOf({ stages: [boxed, disk, reader] }), ['raw'])?.stages;
    expect(stages?.map(step => step.id)).toEqual(['box', 'plank', 'sum', 'raw']);
  });

  test('an image without a container has none to make', () =>
    expect(withFormats(imageOf({ stages: [disk] }), ['raw'])).toBeNull());
});
