import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import type { DevKey } from '../../../pipeline/commands/dev/loop.ts';
import { runLoop, type LoopParts } from '../../../pipeline/commands/dev/run-loop.ts';

let said: string[];
let over: AbortController;
/** Ends the round, or the boot, that runs. */
let finish: () => void;
let edit: () => void;
let failWatch: (why: Error) => void;
let press: (key: DevKey) => void;
let loop: Promise<string>;

beforeEach(() => {
  said = [];
  over = new AbortController();
  const parts: LoopParts = {
    begin: async (action, signal) =>
      new Promise<void>(resolve => {
        said.push(action);
        signal.addEventListener('abort', () => {
          said.push(`${action} stopped`);
          resolve();
        });
        finish = resolve;
      }),
    nextEdit: async signal =>
      new Promise<void>((resolve, reject) => {
        [edit, failWatch] = [resolve, reject];
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
    keys: take => (press = take),
    idle: () => said.push('idle'),
  };
  loop = runLoop(parts, over.signal).then(
    () => 'ended',
    (error: Error) => error.message,
  );
});

it('a round at the start, one at each edit', async () => {
  finish();
  await turn();
  edit();
  await turn();
  finish();
  await turn();
  expect(said).toEqual(['round', 'idle', 'round', 'idle']);
});

it('an edit during a round stops it before the next begins', async () => {
  edit();
  await turn();
  expect(said).toEqual(['round', 'round stopped', 'round']);
});

it('b boots, q ends', async () => {
  finish();
  await turn();
  press('b');
  await turn();
  press('q');
  expect(await loop).toBe('ended');
  expect(said).toEqual(['round', 'idle', 'boot', 'boot stopped']);
});

it('interrupted: what runs is stopped before it rejects', async () => {
  over.abort(new Error('belay'));
  expect(await loop).toBe('belay');
  expect(said).toEqual(['round', 'round stopped']);
});

it('a watch that fails ends it with that', async () => {
  finish();
  await turn();
  failWatch(new Error('no eyes'));
  expect(await loop).toBe('no eyes');
});
