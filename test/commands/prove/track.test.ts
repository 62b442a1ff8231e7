import { expect, test } from 'vitest';
import { Untried } from '../../../pipeline/claims/claim.ts';
import { runTrack, type Leg, type TrackOptions } from '../../../pipeline/commands/prove/track.ts';
import type { GuestMachine } from '../../../pipeline/engine/machine/guest-machine.ts';
import { BuildFault } from '../../../pipeline/engine/fault.ts';
import { subject } from '../../claims/subject.ts';
import { claim } from './claims.ts';

const machine = (killed: string[]): GuestMachine => ({
  ...subject({}).machine,
  kill: async () => void killed.push('killed'),
});
const claims = [
  claim({ name: 'keel' }),
  claim({ name: 'wake', scenario: 'rebooted', prepare: async () => 'x' }),
  claim({ name: 'tide', scenario: 'full' }),
];

const options = (own: Partial<TrackOptions> = {}): TrackOptions => ({
  claims,
  needed: ['first', 'rebooted', 'full'],
  watchers: [],
  prepared: new Map(),
  subject: subject({}),
  emit: () => undefined,
  signal: new AbortController().signal,
  ...own,
});
const leg = (scenario: Leg['scenario'], reach: Leg['reach']): Leg => ({ scenario, summary: scenario, reach });

test('reaches what is needed alone, and ends its machine', async () => {
  const [killed, reached]: string[][] = [[], []];
  const go =
    (name: string): Leg['reach'] =>
    async () => {
      reached?.push(name);
      return machine(killed ?? []);
    };
  const result = await runTrack(
    [leg('first', go('first')), leg('rebooted', go('rebooted')), leg('full', go('full'))],
    options({ needed: ['first', 'full'] }),
  );
  expect(reached).toEqual(['first', 'full']);
  expect(result.boots).toEqual([
    { scenario: 'first', kernelSeconds: 3, initSeconds: 5, readySeconds: 12.34 },
    { scenario: 'full', kernelSeconds: 3, initSeconds: 5, readySeconds: 12.34 },
  ]);
  expect(result.claims.map(each => [each.name, each.verdict])).toEqual([
    ['keel', 'passed'],
    ['tide', 'passed'],
  ]);
  expect(killed).toEqual(['killed']);
});

test('a machine that does not come up fails its claims; later ones are not tried', async () => {
  const killed: string[] = [];
  const warnings: string[] = [];
  const result = await runTrack(
    [
      leg('first', async () => machine(killed)),
      leg('rebooted', () => Promise.reject(new BuildFault('no ready line within 600 s'))),
      leg('full', async () => machine(killed)),
    ],
    options({ emit: event => void (event.type === 'warning' && warnings.push(event.message)) }),
  );
  expect(result.claims.map(each => [each.name, each.verdict, each.reason])).toEqual([
    ['keel', 'passed', ''],
    ['wake', 'failed', 'the machine was not ready: no ready line within 600 s'],
    ['tide', 'not tried', 'the machine did not come up for "rebooted", which comes before'],
  ]);
  expect(warnings).toEqual(['rebooted: the machine was not ready: no ready line within 600 s']);
  expect(killed.length).toBeGreaterThan(0);
});

test('where something is missing that this host has not, claims are not tried, and none has failed', async () => {
  const result = await runTrack(
    [leg('first', () => Promise.reject(new Untried('no key'))), leg('full', async () => machine([]))],
    options({ needed: ['first', 'full'] }),
  );
  expect(result.claims.map(each => [each.name, each.verdict, each.reason])).toEqual([
    ['keel', 'not tried', 'no key'],
    ['tide', 'not tried', 'the machine did not come up for "first", which comes before'],
  ]);
});

test('a stop while claims are tried ends the machine that they are tried on', async () => {
  const killed: string[] = [];
  const abort = new AbortController();
  const prove = async (): Promise<never> => {
    abort.abort(new Error('interrupted'));
    throw new BuildFault('ended');
  };
  await expect(
    runTrack(
      [leg('first', async () => machine(killed))],
      options({ claims: [claim({ name: 'keel', prove })], needed: ['first'], signal: abort.signal }),
    ),
  ).rejects.toThrow('interrupted');
  expect(killed).toEqual(['killed']);
});

test('a stop ends the machine and is passed on', async () => {
  const killed: string[] = [];
  const abort = new AbortController();
  const stopping = leg('rebooted', async () => {
    abort.abort(new Error('interrupted'));
    throw new BuildFault('ended');
  });
  await expect(
    runTrack([leg('first', async () => machine(killed)), stopping], options({ signal: abort.signal })),
  ).rejects.toThrow('interrupted');
  expect(killed).toEqual(['killed']);
});
