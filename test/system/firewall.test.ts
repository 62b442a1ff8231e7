/** The generated rules against packets, by the real iptables: three network namespaces, no VM. */
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { openFirewallLab, type FirewallLab } from '../support/firewall-lab.ts';
import { FAR, GUEST } from '../support/network-lab.ts';

const { tools, scratch } = inject('builds');
const [ann, ben, eve] = FAR.v4;
const [ann6, neighbour6, ben6] = FAR.v6;

let lab: FirewallLab;

beforeAll(async () => {
  lab = await openFirewallLab(tools, path.join(scratch, 'firewall'));
});
afterAll(async () => lab.close());
beforeEach(({ skip }) => skip(lab.lacking !== '', lab.lacking));

const times = (count: number, source: string): [string][] => Array.from({ length: count }, () => [source]);

const fine = { exitCode: 0, output: '' };

describe('the limit of SSH', () => {
  it('drops the fourth of an address, and lets another in', async () => {
    expect(await lab.load({})).toEqual(fine);
    expect(await lab.knocks(...times(5, ann), [ben])).toEqual([
      'open',
      'open',
      'open',
      'no answer',
      'no answer',
      'open',
    ]);
  });

  it('counts all of a /64 as one', async () => {
    expect(await lab.load({ ssh: { limit: { connections: 2 } } })).toEqual(fine);
    expect(await lab.knocks([ann6], [neighbour6], [ann6], [neighbour6], [ben6])).toEqual([
      'open',
      'open',
      'no answer',
      'no answer',
      'open',
    ]);
  });

  it('slides: who was dropped gets in as soon as fewer than so many are inside the window', async () => {
    const [connections, seconds] = [2, 3];
    await lab.load({ ssh: { limit: { connections, seconds } } });
    const tries = (await lab.far(`timed_knocks("${ann}", 12)`)).map(line => ({
      at: Number(line.split(' ')[0]),
      open: line.endsWith('open'),
    }));
    const accepted: number[] = [];
    for (const { at, open } of tries) {
      const age = at - (accepted.at(-connections) ?? Number.NEGATIVE_INFINITY);
      // The kernel counts in ticks, and the packet came a little after the knock.
      if (Math.abs(age - seconds) > 0.15) expect(open, `${at}: ${JSON.stringify(tries)}`).toBe(age > seconds);
      if (open) accepted.push(at);
    }
    expect(accepted.length).toBeGreaterThan(2 * connections);
    expect(accepted.length).toBeLessThan(tries.length);
  });

  it('lets what is connected go on, and outlives a reload', async () => {
    await lab.load({});
    const held = lab.sh(
      'far',
      `cd /mnt/lab && python3 -B - <<'EOF'
from lab import *
held = hold("${ann}")
print(fetch(held, 10), [knock("${ann}") for _ in range(3)], fetch(held, 20))
EOF`,
    );
    expect((await held).output.trim()).toBe("10 ['open', 'open', 'no answer'] 20");
    expect(await lab.load({}, { verb: 'reload' })).toEqual(fine);
    expect(await lab.knocks([ann], [ben])).toEqual(['no answer', 'open']);
  });

  it('forgets the one let in the longest ago when its table is full, and never refuses a stranger', async () => {
    await lab.load({});
    expect(await lab.knocks(...times(4, ann))).toEqual(['open', 'open', 'open', 'no answer']);
    const remembered = async (): Promise<string[]> =>
      (await lab.sh('guest', 'cat /proc/net/xt_recent/ssh-v4')).output.trim().split('\n');
    let sent = 0;
    while ((await remembered()).some(line => line.startsWith(`src=${ann} `))) {
      expect(sent, 'more than any table holds').toBeLessThan(70_000);
      await lab.far(`forge(50, ${sent})`);
      sent += 50;
    }
    const full = (await remembered()).length;
    await lab.far(`forge(50, ${sent})`);
    expect((await remembered()).length).toBe(full);
    expect(await lab.knocks([ann], [ben], [eve])).toEqual(['open', 'open', 'open']);
  });

  it('is for its sources alone', async () => {
    await lab.load({ ssh: { from: [ben, '2001:db8:b::/48'], limit: 'none' } });
    expect(await lab.knocks([ann], [ben], [ann6], [ben6])).toEqual(['no answer', 'open', 'no answer', 'open']);
  });
});

describe('what comes in', () => {
  it('nothing but SSH: no other port, no ping', async () => {
    await lab.load({});
    expect(await lab.knocks([ann], [ann6], [ann, 23], [ann6, 23])).toEqual(['open', 'open', 'no answer', 'no answer']);
    expect(await lab.far(`print(ask("${ann}", 8080), ask("${ann6}", 8080))`)).toEqual(['no answer no answer']);
    for (const address of [GUEST.v4, GUEST.v6]) expect(await ping(address)).toBe('no answer');
  });

  it('over vsock not even that', async () => {
    expect(await lab.load({}, { transport: 'vsock' })).toEqual(fine);
    expect(await lab.knocks([ann], [ann6])).toEqual(['no answer', 'no answer']);
  });

  it('what is allowed, by protocol, source and limit; and what rules say', async () => {
    const echo = {
      v4: '-A INPUT -p icmp --icmp-type echo-request -j ACCEPT',
      v6: '-A INPUT -p ipv6-icmp --icmpv6-type echo-request -j ACCEPT',
    };
    expect(
      await lab.load({
        allow: [
          { port: 23, limit: { connections: 1 } },
          { port: 8080, protocol: 'udp', from: [ann, ann6] },
        ],
        rules: { v4: [echo.v4], v6: [echo.v6] },
      }),
    ).toEqual(fine);
    expect(await lab.knocks([ann, 23], [ann, 23], [ann], [ben, 23], [ben, 8080])).toEqual([
      'open',
      'no answer',
      'open',
      'open',
      'no answer',
    ]);
    expect(await lab.far(`print(ask("${ann}", 8080), ask("${ann6}", 8080), ask("${ben}", 8080))`)).toEqual([
      'open open no answer',
    ]);
    for (const address of [GUEST.v4, GUEST.v6]) expect(await ping(address)).toBe('answer');
  });

  it('with the policy "accept" everything, but for ports with sources', async () => {
    await lab.load({ input: 'accept', allow: [{ port: 23, from: [ben] }] });
    expect(await lab.knocks([ann, 8080], [ann, 23], [ben, 23], [ann6, 23])).toEqual([
      'open',
      'no answer',
      'open',
      'no answer',
    ]);
  });
});

describe('what a connection needs', () => {
  const large = 200_000;
  const fetched = async (seconds: number): Promise<string[]> =>
    lab.far(`print(*(fetch(hold(each), ${large}, ${seconds}) == ${large} for each in ["${ann}", "${ann6}"]))`);

  it('path MTU discovery works, because ICMP errors about connections pass', async () => {
    const icmp = { 'no.v4': '-I INPUT -p icmp -j DROP', 'no.v6': '-I INPUT -p ipv6-icmp --icmpv6-type 2 -j DROP' };
    expect(await lab.load({}, { dropIns: icmp })).toEqual(fine);
    expect(await fetched(2), 'the link is narrow enough to need it').toEqual(['False False']);
    await lab.load({});
    expect(await fetched(5)).toEqual(['True True']);
  });

  it('neighbour discovery works, and answers leave when nothing else may', async () => {
    await lab.load({ output: 'drop' });
    await lab.sh('guest', 'ip neigh flush all');
    await lab.sh('router', 'ip neigh flush all');
    expect(await fetched(5)).toEqual(['True True']);
    const out = await lab.sh('guest', `timeout 1 bash -c '</dev/tcp/${ann}/9'`);
    expect(out.exitCode).toBe(124);
    await lab.load({});
    // Nobody listens there, but the answer that says so comes.
    expect((await lab.sh('guest', `timeout 1 bash -c '</dev/tcp/${ann}/9'`)).output).toContain('refused');
  });
});

async function ping(address: string): Promise<'answer' | 'no answer'> {
  const version = address.includes(':') ? 6 : 4;
  const [family, protocol, type] = version === 6 ? ['AF_INET6', 'IPPROTO_ICMPV6', 128] : ['AF_INET', 'IPPROTO_ICMP', 8];
  const [answer = ''] = await lab.far(`
import struct
raw = socket.socket(socket.${family}, socket.SOCK_RAW, socket.${protocol})
raw.settimeout(0.9)
words = struct.pack("!BBHHH", ${type}, 0, 0, 7, 7)
raw.sendto(struct.pack("!BBHHH", ${type}, 0, ~(${type} * 256 + 14) & 0xffff if ${version} == 4 else 0, 7, 7), ("${address}", 0))
try:
    while True:
        data = raw.recv(200)
        if data[${version === 6 ? 0 : 20}] == ${version === 6 ? 129 : 0}:
            print("answer"); break
except TimeoutError:
    print("no answer")`);
  return answer as 'answer' | 'no answer';
}
