/** The network around a machine, without the machine: real namespaces, programs of the vm-tools tree. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { openNetwork, type Network } from '../../pipeline/engine/machine/network.ts';
import type { Place } from '../../pipeline/engine/machine/place.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import { compileInto, startNode } from '../engine/other-process.ts';
import { testEnvironment } from '../support/caisson.ts';
import { vmTools } from '../support/vm-tools.ts';

const { own, scratch } = inject('builds');
const folder = path.join(scratch, 'network');
const never = new AbortController().signal;
const environment = testEnvironment(own.cache);

let tree: string;
let allowed: boolean;
beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  tree = await vmTools(own.cache);
  allowed = await runProcess(['sh', '-c', 'exec 9<>/dev/net/tun'], {
    env: { PATH: environment.path },
    signal: never,
  }).then(
    () => true,
    () => false,
  );
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const place = async (): Promise<Place> => ({
  environment,
  tree,
  scratch: await mkdtemp(path.join(folder, 'wire-')),
  signal: never,
});
const opened = async (): Promise<Network> => {
  const network = await openNetwork(await place());
  if (typeof network === 'string') throw new Error(network);
  onTestFinished(network.end);
  return network;
};
/** Names of the host's own network devices. */
const devices = (): string[] =>
  readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .flatMap(line => (line.includes(':') ? [line.split(':')[0]?.trim() ?? ''] : []))
    .toSorted();
const namespaceOf = async (network: Network): Promise<string> =>
  (await network.run(['readlink', '/proc/self/ns/net'], never)).stdout.trim();
/** Is anybody in this network namespace? */
const inhabited = (id: string): boolean =>
  readdirSync('/proc').some(pid => {
    try {
      return /^[0-9]+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/net`) === id;
    } catch {
      return false; // ended meanwhile
    }
  });

describe('where /dev/net/tun opens', () => {
  it('two clients reach a listener, each from its own address, over IPv4 and IPv6', async context => {
    if (!allowed) return context.skip('/dev/net/tun does not open here');
    const network = await opened();
    const [one, two] = [await network.take(), await network.take()];
    const neighbour = await network.takeNeighbour(two.v6);
    const stop = new AbortController();
    const says = 'SYSTEM:echo from $SOCAT_PEERADDR';
    const listening = network.run(
      ['sh', '-c', `socat TCP6-LISTEN:4070,fork,reuseaddr '${says}' & echo up; wait`],
      stop.signal,
    );
    try {
      const ask = async (source: string): Promise<string> => {
        const [family, target, bound] = source.includes(':')
          ? ['TCP6', '[fd00:ca15:50::1]', `[${source}]`]
          : ['TCP4', '192.168.127.1', source];
        const argv = ['socat', '-u', `${family}:${target}:4070,bind=${bound},retry=100,interval=0.05`, '-'];
        const { stdout, stderr } = await network.run(argv, never);
        return stdout.trim() + stderr;
      };
      expect(await ask(one.v4)).toBe(`from [0000:0000:0000:0000:0000:ffff:c0a8:7f02]`);
      expect(await ask(two.v4)).toBe(`from [0000:0000:0000:0000:0000:ffff:c0a8:7f03]`);
      expect(await ask(two.v6)).toBe('from [fd00:ca15:0051:0002:0000:0000:0000:0001]');
      expect(await ask(neighbour)).toBe('from [fd00:ca15:0051:0002:0000:0000:0000:0002]');
    } finally {
      stop.abort();
      await listening.catch(() => undefined);
    }
  });

  it('nothing of it shows on the host, and nothing stays', async context => {
    if (!allowed) return context.skip('/dev/net/tun does not open here');
    const before = devices();
    const network = await opened();
    expect((await network.run(['ip', '-br', 'link'], never)).stdout).toMatch(/^tap0 /m);
    expect(devices()).toEqual(before);
    const id = await namespaceOf(network);
    expect(inhabited(id)).toBe(true);
    await network.end();
    await expect.poll(() => inhabited(id), { timeout: 5000, interval: 10 }).toBe(false);
    expect(devices()).toEqual(before);
  });

  it('it has no way to the host or beyond', async context => {
    if (!allowed) return context.skip('/dev/net/tun does not open here');
    const network = await opened();
    const { stdout } = await network.run(['ip', 'route', 'show', 'table', 'main'], never);
    expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^192\.168\.127\.0\/24 dev tap0 /)]);
  });

  it('killed with SIGKILL, its owner leaves nobody in it', async context => {
    if (!allowed) return context.skip('/dev/net/tun does not open here');
    const code = path.join(folder, 'code');
    if (!existsSync(code)) compileInto(code, 'engine/machine/network.ts');
    const { child, line } = startNode(
      code,
      `import { openNetwork } from './engine/machine/network.js';
       const place = { ...${JSON.stringify({ ...(await place()), signal: undefined })}, signal: new AbortController().signal };
       const network = await openNetwork(place);
       console.log((await network.run(['readlink', '/proc/self/ns/net'], place.signal)).stdout.trim());`,
    );
    const id = await line();
    expect(id).toMatch(/^net:\[[0-9]+\]$/);
    expect(inhabited(id)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => inhabited(id), { timeout: 5000, interval: 10 }).toBe(false);
  });
});

it('where it does not open, the reason is told', async context => {
  if (allowed) return context.skip('/dev/net/tun opens here');
  expect(await openNetwork(await place())).toBe('/dev/net/tun does not open for this user');
});
