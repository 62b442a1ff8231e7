import { describe, expect, test } from 'vitest';
import { fact, Untried, type Claim } from '../../../pipeline/claims/claim.ts';
import { ClaimFault } from '../../../pipeline/claims/fault.ts';
import { prepareClaims, tryClaims, type Trial } from '../../../pipeline/commands/prove/try-claims.ts';
import { BuildFault } from '../../../pipeline/engine/fault.ts';
import { subject } from '../../claims/subject.ts';
import { claim } from './claims.ts';

const trial = (own: Partial<Trial> = {}): Trial => ({
  subject: subject({}),
  prepared: new Map(),
  signal: new AbortController().signal,
  onProven: () => undefined,
  ...own,
});
const throwing = (error: unknown): Claim => claim({ name: 'keel', prove: () => Promise.reject(error) });
const one = async (each: Claim, own: Partial<Trial> = {}) => (await tryClaims([each], trial(own)))[0];

describe('what comes of a claim', () => {
  test('proven', async () => {
    expect(await one(claim({ name: 'keel' }))).toMatchObject({
      name: 'keel',
      promise: 'quagga floats.',
      verdict: 'passed',
      facts: [{ fits: true, text: 'it does' }],
      reason: '',
    });
  });

  test('one fact that does not fit fails it', async () => {
    const prove = async () => [fact(true, 'dry'), fact(false, 'a leak')];
    expect(await one(claim({ name: 'keel', prove }))).toMatchObject({
      verdict: 'failed',
      facts: [{}, { text: 'a leak' }],
    });
  });

  test('nothing seen is nothing proven', async () => {
    expect(await one(claim({ name: 'keel', prove: async () => [] }))).toMatchObject({
      verdict: 'failed',
      reason: 'nothing was seen',
    });
  });

  test.each([
    [new ClaimFault('no answer'), 'failed', 'no answer'],
    [new BuildFault('connection lost', 'hint'), 'failed', 'connection lost'],
    [new Untried('no tun'), 'not tried', 'no tun'],
  ])('%s', async (error, verdict, reason) => {
    expect(await one(throwing(error))).toMatchObject({ verdict, reason, facts: [] });
  });

  test('a mistake of ours is a bug, with its stack', async () => {
    const proven = await one(throwing(new TypeError('x is undefined')));
    expect(proven?.verdict).toBe('bug');
    expect(proven?.reason).toMatch(/^TypeError: x is undefined\n +at /);
  });

  test('a stop is no verdict', async () => {
    const abort = new AbortController();
    const stopped = claim({
      name: 'keel',
      prove: async () => {
        abort.abort(new Error('interrupted'));
        throw new ClaimFault('connection lost');
      },
    });
    await expect(one(stopped, { signal: abort.signal })).rejects.toThrow('interrupted');
  });
});

test('those beside start first, those that disturb come last and alone', async () => {
  const seen: string[] = [];
  let release = (): void => undefined;
  const gate = new Promise<void>(resolve => {
    release = resolve;
  });
  const told = (name: string, order: Claim['order'], work: () => Promise<void>): Claim =>
    claim({
      name,
      order,
      prove: async () => {
        seen.push(`${name} begins`);
        await work();
        seen.push(`${name} ends`);
        return [fact(true, name)];
      },
    });
  await tryClaims(
    [
      told('storm', 'last', async () => undefined),
      told('sail', 'alone', async () => undefined),
      told('watch', 'beside', () => gate),
      told('row', 'alone', async () => release()),
    ],
    trial(),
  );
  expect(seen[0]).toBe('watch begins');
  expect(seen.filter(each => each !== 'watch ends')).toEqual([
    'watch begins',
    'sail begins',
    'sail ends',
    'row begins',
    'row ends',
    'storm begins',
    'storm ends',
  ]);
  expect(seen.indexOf('watch ends')).toBeLessThan(seen.indexOf('storm begins'));
});

describe('the first half', () => {
  const looking = claim({
    name: 'wake',
    scenario: 'rebooted',
    prepare: async () => 'white',
    prove: async ({ before }) => [fact(before === 'white', before)],
  });

  test('is handed over', async () => {
    const state = trial();
    await prepareClaims([looking, claim({ name: 'keel' })], state);
    expect(await tryClaims([looking], state)).toMatchObject([{ verdict: 'passed', facts: [{ text: 'white' }] }]);
  });

  test('that failed fails the claim', async () => {
    const state = trial();
    await prepareClaims([{ ...looking, prepare: () => Promise.reject(new ClaimFault('too dark')) }], state);
    expect(await tryClaims([looking], state)).toMatchObject([{ verdict: 'failed', reason: 'too dark' }]);
  });
});
