import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import type { Edit } from '../../../pipeline/commands/dev/states.ts';
import { openWatch, type Watch } from '../../../pipeline/commands/dev/watch.ts';

/** By watched path, what stands there. */
let files: Record<string, Record<string, string>>;
let watch: Watch;
let clock: number;
let slept: number[];
let wake: () => void;
const over = new AbortController();

beforeEach(() => {
  files = { '/keel.yaml': { '/keel.yaml': 'v1' }, '/hold': { '/hold': 'folder', '/hold/rope': 'v1' } };
  clock = 0;
  slept = [];
  watch = openWatch({
    stateOf: path => new Map(Object.entries(files[path] ?? {})),
    sleep: async milliseconds =>
      new Promise(resolve => {
        slept.push(milliseconds);
        wake = resolve;
      }),
    now: () => clock,
  });
  for (const path of ['/keel.yaml', '/hold', '/sail.yaml']) watch.see(path);
});

/** What `next` has resolved with after each pause. */
async function edits(...changes: (() => void)[]): Promise<Edit[] | null> {
  let found: Edit[] | null = null;
  const next = watch.next(over.signal).then(all => (found = all));
  for (const change of changes) {
    change();
    wake();
    await turn();
  }
  if (found === null) next.catch(() => undefined);
  return found;
}

const nothing = (): void => undefined;
const changed = (path: string): (() => void) => {
  let version = 1;
  return () => void (files[path] = { [path]: `v${++version}` });
};

it('nothing while nothing changes', async () => expect(await edits(nothing, nothing, nothing)).toBe(null));

it('a file once it has stood still', async () => {
  const write = changed('/keel.yaml');
  expect(await edits(write, write, write)).toBe(null);
});

it('tells each edit once', async () => {
  expect(await edits(changed('/keel.yaml'), nothing)).toEqual([{ path: '/keel.yaml', what: 'changed' }]);
  expect(await edits(nothing, nothing)).toBe(null);
});

it('files that come and go, also one that was looked for in vain', async () => {
  const change = (): void => {
    files['/hold'] = { '/hold': 'folder', '/hold/chain': 'v1' };
    files['/sail.yaml'] = { '/sail.yaml': 'v1' };
  };
  expect(await edits(change, nothing)).toEqual([
    { path: '/hold/chain', what: 'new' },
    { path: '/hold/rope', what: 'gone' },
    { path: '/sail.yaml', what: 'new' },
  ]);
});

it('a file that is as it was again is no edit', async () => {
  const away = (): void => void delete files['/keel.yaml'];
  const back = (): void => void (files['/keel.yaml'] = { '/keel.yaml': 'v1' });
  expect(await edits(away, back, nothing, nothing)).toBe(null);
});

it('what changed since it was seen is stale, and told, however long the reading took', async () => {
  watch.begin();
  changed('/keel.yaml')();
  watch.see('/keel.yaml');
  watch.settle();
  expect(watch.stale()).toBe(true);
  expect(await edits(nothing, nothing)).toEqual([{ path: '/keel.yaml', what: 'changed' }]);
  expect(watch.stale()).toBe(false);
});

it('what is not read any more is forgotten after a reading without faults only', async () => {
  watch.begin();
  watch.see('/keel.yaml');
  const write = changed('/hold');
  expect(await edits(write, nothing)).toHaveLength(2);
  watch.settle();
  expect(watch.count).toBe(1);
  expect(await edits(write, nothing)).toBe(null);
});

it('a look takes a twentieth of the time at the most', async () => {
  const slow = (): void => {
    let ticks = 0;
    Object.defineProperty(files, '/hold', { get: () => ((clock += 30), { '/hold': `folder ${++ticks > 0}` }) });
  };
  await edits(slow, nothing);
  expect(slept).toEqual([150, 600]);
});
