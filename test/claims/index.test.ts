import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SCENARIOS } from '../../pipeline/claims/claim.ts';
import { CLAIMS } from '../../pipeline/claims/index.ts';
import { DECLARATION } from './subject.ts';

const folder = fileURLToPath(new URL('../../pipeline/claims/', import.meta.url));

test('names are unique, and each claim says what it promises and how it is tried', () => {
  expect(new Set(CLAIMS.map(each => each.name)).size).toBe(CLAIMS.length);
  for (const claim of CLAIMS) {
    expect(claim.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(claim.promise(DECLARATION)).toMatch(/^\S.*\.$/);
    expect(claim.promise(DECLARATION)).not.toMatch(/undefined|null|NaN/);
    expect(claim.tried).not.toBe('');
    expect(SCENARIOS).toContain(claim.scenario);
  }
});

test('every claim that is written is in the list', () => {
  const written = readdirSync(folder).flatMap(name =>
    [...readFileSync(`${folder}${name}`, 'utf8').matchAll(/^export const \w+ = claim\(\{\n {2}name: '([^']+)'/gm)].map(
      ([, found]) => found,
    ),
  );
  expect(new Set(CLAIMS.map(each => each.name))).toEqual(new Set(written));
  expect(written).toHaveLength(CLAIMS.length);
});

test('claims that look back are in a state that has one before it', () => {
  for (const claim of CLAIMS)
    if (claim.prepare !== null)
      expect(['rebooted', 'full', 'unreadable', 'other', 'grown', 'updated', 'returned']).toContain(claim.scenario);
});

test('an image that keeps nothing promises that, and nothing that would have to be kept', () => {
  const { overlays } = DECLARATION;
  const memory = { ...DECLARATION, overlays: overlays === null ? null : { ...overlays, content: '' } };
  const names = CLAIMS.filter(each => each.applies(memory)).map(each => each.name);
  expect(names).toContain('overlays-forgotten');
  expect(names).toContain('overlay-mounts');
  for (const kept of [
    'overlays-persist',
    'host-key-kept',
    'drop-in-time',
    'copies-differ',
    'own-disk',
    'unreadable-data',
  ])
    expect(names).not.toContain(kept);
  expect(CLAIMS.find(each => each.name === 'overlay-mounts')?.promise(memory)).toContain('kept in memory');
});

test('an image without overlays, firewall and SSH still promises something', () => {
  const bare = { ...DECLARATION, overlays: null, ssh: null, firewall: null, setuid: null, modules: null };
  const names = CLAIMS.filter(each => each.applies(bare)).map(each => each.name);
  expect(names).toContain('usr-immutable');
  expect(names).not.toContain('open-ports');
  expect(names).not.toContain('overlays-persist');
  expect(names).not.toContain('ssh-keys');
});
