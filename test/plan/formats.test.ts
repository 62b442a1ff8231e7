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
    expect(withFormats(image, ['vhdx']).stages).toEqual([disk, boxed]));

  test('a new one is wired as the first that is declared, without its options', () => {
    expect(withFormats(image, ['raw']).stages).toEqual([
      disk,
      { id: 'raw', stage: 'container', inputs: { disk: 'plank' }, options: { format: 'raw' } },
    ]);
  });

  test('several, in the order asked for', () =>
    expect(withFormats(image, ['raw', 'vhdx']).stages.map(step => step.id)).toEqual(['plank', 'raw', 'box']));

  test('an image without a container has none to make', () =>
    expect(withFormats(imageOf({ stages: [disk] }), ['raw']).stages).toEqual([disk]));
});
