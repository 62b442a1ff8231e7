import { setTimeout as wait } from 'node:timers/promises';
import type { RateLimit } from '../formats/declaration.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { claim, fact, outsideOf, type Subject } from './claim.ts';
import { limitsSsh } from './ssh-attempts.ts';

/** Longer windows are not waited for. */
const LONGEST_WAIT = 120;
const PORT = 22;

export const sshRateLimit = claim({
  name: 'ssh-rate-limit',
  promise: ({ firewall }) => {
    const { connections, seconds } = firewall?.ssh.limit ?? { connections: 0, seconds: 0 };
    return `More than ${connections} new SSH connections from one address within any ${seconds} seconds are dropped; other addresses get in (IPv6: by /64).`;
  },
  tried: 'connections from two addresses, over IPv4 and IPv6; again after half the time and after all of it',
  order: 'beside',
  applies: limitsSsh,
  prove: async subject => {
    const limit = subject.declaration.firewall?.ssh.limit ?? null;
    if (limit === null) return [];
    const outside = outsideOf(subject);
    const one = await outside.take();
    const two = await outside.take();
    const started = performance.now();
    const accepted4 = await burst(subject, { source: one.v4, limit });
    const accepted6 = await burst(subject, { source: one.v6, limit });
    const ended = performance.now();
    const facts = [
      ...judgeBurst('IPv4', accepted4, limit),
      seen(await opens(subject, two.v4), { wanted: true, who: 'another IPv4 address' }),
      ...judgeBurst('IPv6', accepted6, limit),
      seen(await opens(subject, await outside.takeNeighbour(one.v6)), {
        wanted: false,
        who: 'an address of the same /64',
      }),
      seen(await opens(subject, two.v6), { wanted: true, who: 'an address of another /64' }),
    ];
    return [...facts, ...(await slides(subject, { source: one.v4, limit, started, ended }))];
  },
});

/** How many of one more than allowed were accepted, in order. */
async function burst(subject: Subject, { source, limit }: { source: string; limit: RateLimit }): Promise<boolean[]> {
  const accepted: boolean[] = [];
  for (let each = 0; each <= limit.connections; each++) accepted.push(await opens(subject, source));
  return accepted;
}

function judgeBurst(name: string, accepted: readonly boolean[], { connections }: RateLimit): ProvenFact[] {
  const first = accepted.slice(0, connections).filter(Boolean).length;
  const over = accepted.at(-1) === true;
  return [
    fact(first === connections, `${name}: ${first} of ${connections} connections accepted`),
    fact(!over, `${name}: number ${connections + 1} ${over ? 'ACCEPTED' : 'dropped'}`),
  ];
}

function seen(opened: boolean, { wanted, who }: { wanted: boolean; who: string }): ProvenFact {
  return fact(opened === wanted, `meanwhile ${who} ${opened ? 'gets in' : 'is dropped'}`);
}

/** A bucket that refills would let one in after a part of the window; a window that slides does not. */
async function slides(
  subject: Subject,
  { source, limit, started, ended }: { source: string; limit: RateLimit; started: number; ended: number },
): Promise<ProvenFact[]> {
  if (limit.seconds > LONGEST_WAIT) return [fact(true, `the end of a window of ${limit.seconds} s was not waited for`)];
  const until = async (moment: number): Promise<void> => wait(Math.max(0, moment - performance.now()));
  const half = started + limit.seconds * 600;
  await until(half);
  // Where the burst itself took that long, it says nothing.
  const early = performance.now() < started + limit.seconds * 900;
  const middle = early ? await opens(subject, source) : false;
  await until(ended + limit.seconds * 1000 + 2000);
  const after = await opens(subject, source);
  return [
    ...(early
      ? [
          fact(
            !middle,
            `after ${(limit.seconds * 0.6).toFixed(0)} s ${middle ? 'one is let in AGAIN' : 'still dropped'}`,
          ),
        ]
      : []),
    fact(after, `after ${limit.seconds} s ${after ? 'let in again' : 'STILL dropped'}`),
  ];
}

async function opens(subject: Subject, source: string): Promise<boolean> {
  const outside = outsideOf(subject);
  const target = source.includes(':') ? outside.guest6 : outside.guest4;
  return (await outside.tcp({ source, target, port: PORT, seconds: 3 })) === 'open';
}
