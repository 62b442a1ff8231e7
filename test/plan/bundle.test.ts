import { describe, expect, test } from 'vitest';
import type { Image, Step, Updates } from '../../pipeline/config/types.ts';
import { withBundle } from '../../pipeline/plan/bundle.ts';
import { imageOf, layoutOf, twoSlots } from '../stages/documents.ts';

const signing = { key: 'k', certificate: 'c', module: '', pinFile: '' };
const updates: Updates = { compatible: 'reef', keyring: 'ca', signing, downgrade: 'refuse', selector: 'on' };
const step = (id: string, stage: string, own: Partial<Step> = {}): Step => ({
  id,
  stage,
  inputs: {},
  options: {},
  ...own,
});
const DISK = step('planks', 'disk', { inputs: { state: 'helm', kern: 'ribs', sys: 'proof', hold: 'sand' } });
const STAGES = [
  DISK,
  step('spark', 'initrd', { options: { root: 'sys', manifest: 'm' } }),
  step('rudder', 'selector', { options: { boot: 'kern', state: 'state' } }),
];

const image = (own: Partial<Image> = {}): Image => imageOf({ updates, stages: STAGES, ...own });

/** The step that was added, or the fault. */
function added(of: Image, layout = twoSlots()): Step | string {
  const bundled = withBundle(of, layout);
  return 'message' in bundled ? bundled.message : (bundled.stages.at(-1) ?? '');
}

describe('--bundle', () => {
  test('adds a step that reads what the disk puts into the slots, the root first, and the selector', () =>
    expect(added(image())).toEqual({
      id: 'bundle',
      stage: 'bundle',
      inputs: { sys: 'proof', kern: 'ribs', state: 'helm' },
      options: { contents: ['sys', 'kern'], selector: 'state' },
    }));

  test('leaves the selector out when `updates` says so', () =>
    expect(added(image({ updates: { ...updates, selector: 'off' } }))).toMatchObject({
      inputs: { sys: 'proof', kern: 'ribs' },
      options: { contents: ['sys', 'kern'] },
    }));

  test('takes all that the slots hold where nothing selects', () =>
    expect(added(image({ stages: [DISK] }))).toMatchObject({ options: { contents: ['sys', 'state', 'kern'] } }));

  test('takes nothing that the disk leaves empty', () => {
    const disk = step('planks', 'disk', { inputs: { sys: 'proof' } });
    expect(added(image({ stages: [disk] }))).toMatchObject({
      inputs: { sys: 'proof' },
      options: { contents: ['sys'] },
    });
  });

  test('does not take the id of another step', () =>
    expect(added(image({ stages: [...STAGES, step('bundle', 'tree')] }))).toMatchObject({ id: 'bundle-file' }));

  test('keeps the step that the definition has', () => {
    const own = image({ stages: [step('parcel', 'bundle'), ...STAGES] });
    expect(withBundle(own, twoSlots())).toBe(own);
  });

  test.each<[string, Partial<Image>]>([
    ['galleon takes no updates', { updates: null }],
    ['galleon names no key that signs updates', { updates: { ...updates, signing: null } }],
    ['galleon has no disk, whose slots a bundle could be for', { stages: [] }],
  ])('%s', (message, own) => expect(added(image(own))).toBe(message));

  test('of one slot is a fault', () => {
    const one = layoutOf([{ name: 'SysA', content: 'sys', slot: 'A', filesystem: 'erofs' }]);
    expect(added(image(), one)).toMatch(/^nothing of galleon stands in both slots: layout "stern" has no/);
  });
});
