import { expect, test } from 'vitest';
import { findKeys, nearestKey } from '../../pipeline/config/find-key.ts';
import type { DocumentKey } from '../../pipeline/formats/document-key.ts';

const key = (kind: DocumentKey['kind'], path: string): DocumentKey => ({
  kind,
  path,
  form: 'text',
  needed: false,
  leftOut: '',
  examples: [],
  description: '',
});

const KEYS = [
  key('image', 'crew'),
  key('image', 'deck.crew'),
  key('image', 'stages.options'),
  key('image', 'stages.sail.options.area'),
  key('image', 'stages.mast.options.area'),
  key('layout', 'area'),
  key('layout', 'holds.area'),
  key('overlay', 'entries.*.mode'),
];

const found = (wanted: string): string[] => findKeys(KEYS, wanted).map(({ kind, path }) => `${kind}.${path}`);

test.each([
  ['holds.area', ['layout.holds.area']],
  ['layout.area', ['layout.area']],
  ['area', ['image.stages.sail.options.area', 'image.stages.mast.options.area', 'layout.area', 'layout.holds.area']],
  ['sail.area', ['image.stages.sail.options.area']],
  ['stages.mast.options.area', ['image.stages.mast.options.area']],
  // As a message about a fault writes it.
  ['stages[2].options.area', ['image.stages.sail.options.area', 'image.stages.mast.options.area']],
  ['crew', ['image.crew', 'image.deck.crew']],
  ['image.crew', ['image.crew']],
  ['entries.mode', ['overlay.entries.*.mode']],
  ['rew', []],
])('%s', (wanted, keys) => expect(found(wanted)).toEqual(keys));

test('what was meant', () => {
  expect(nearestKey(KEYS, 'crwe')).toBe('crew');
  expect(nearestKey(KEYS, 'hold.area')).toBe('holds.area');
  expect(nearestKey(KEYS, 'keel.draught')).toBe(null);
});
