import { describe, expect, it } from 'vitest';
import { mustFollow, type OpenBundle } from '../../../pipeline/commands/bundle/open-bundle.ts';

const image = (content: string) => ({ content, file: `${content}.img`, sha256: 'aa', bytes: 1 });
const bundleOf = (own: Partial<OpenBundle>): OpenBundle => ({
  path: 'reef-7.3.raucb',
  files: '/nowhere',
  compatible: 'reef',
  version: '7.3',
  description: '',
  images: [image('sys'), image('kern')],
  selector: null,
  rootHash: '',
  downgrade: 'refuse',
  from: null,
  ...own,
});
const OLD = bundleOf({ path: 'old.raucb', version: '7.2' });

describe('differences are made', () => {
  it('of two releases of an image, one with more than the other too', () => {
    expect(() => mustFollow(OLD, bundleOf({}))).not.toThrow();
    expect(() =>
      mustFollow({ ...OLD, images: [image('kern'), image('keel'), image('sys')] }, bundleOf({})),
    ).not.toThrow();
  });

  it.each<[string, Partial<OpenBundle>, string]>([
    ['another image', { compatible: 'buoy' }, 'old.raucb is for "buoy", and reef-7.3.raucb for "reef"'],
    ['the same release', { version: '7.3' }, 'both bundles are of version 7.3'],
    [
      'a slot that held less',
      { images: [image('sys')] },
      'old.raucb has no "kern" to compare with: the layout has changed since',
    ],
  ])('not of %s', (_, own, message) => expect(() => mustFollow({ ...OLD, ...own }, bundleOf({}))).toThrow(message));
});
