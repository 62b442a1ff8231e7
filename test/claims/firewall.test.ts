/** Claims that stand outside: a firewall as promised, then one that is not. */
import { describe, expect, test } from 'vitest';
import { allowedPorts } from '../../pipeline/claims/allowed-ports.ts';
import type { Claim } from '../../pipeline/claims/claim.ts';
import { dropInFirewall } from '../../pipeline/claims/drop-in-firewall.ts';
import { firewallFailsClosed } from '../../pipeline/claims/firewall-fails-closed.ts';
import { openPorts } from '../../pipeline/claims/open-ports.ts';
import { ping } from '../../pipeline/claims/ping.ts';
import { sshTableFull } from '../../pipeline/claims/ssh-table-full.ts';
import type { Outside } from '../../pipeline/engine/machine/guest-machine.ts';
import { outside, ran, subject } from './subject.ts';

type Answer = Awaited<ReturnType<Outside['tcp']>>;
const wrong = async (claim: Claim, own: Parameters<typeof subject>[0]): Promise<string[]> =>
  (await claim.prove(subject(own))).filter(each => !each.fits).map(each => each.text);

const xml = (ports: readonly number[]): string =>
  `<extraports state="filtered" count="${65_535 - ports.length}"/>${ports.map(port => `<port protocol="tcp" portid="${port}"><state state="open"`).join('')}<finished time="1" elapsed="3"/>`;
/** nmap sees these ports over TCP, and none over UDP. */
const scanned = (tcp: readonly number[]): Outside =>
  outside({
    run: async argv => {
      if (argv[0] === 'ip') return ran({ stdout: 'dev tap0' });
      return ran({ stdout: xml(argv.includes('-sS') ? tcp : []) });
    },
  });

describe('open-ports', () => {
  test.each([
    [[22], []],
    [[22, 8443], []],
    [
      [22, 631],
      ['IPv4 TCP: 22, 631 answered', 'IPv6 TCP: 22, 631 answered'],
    ],
    [[], ['IPv4: SSH does NOT answer', 'IPv6: SSH does NOT answer']],
  ])('%s answer', async (ports, texts) => {
    const found = await wrong(openPorts, { outside: scanned(ports) });
    expect(found).toEqual(texts.map(text => expect.stringContaining(text)));
  });

  test('nmap that fails is no silence', async () => {
    const broken = outside({
      run: async argv => ran(argv[0] === 'ip' ? { stdout: 'dev tap0' } : { exitCode: 1, stderr: 'dnet: failed' }),
    });
    await expect(openPorts.prove(subject({ outside: broken }))).rejects.toThrow(
      'nmap ended with exit code 1: dnet: failed',
    );
  });
});

describe('allowed-ports', () => {
  const letting = (from: (source: string) => boolean): Outside =>
    outside({ tcp: async ({ source }) => (from(source) ? 'refused' : 'no answer') });
  test('the network that is named, and nobody else', async () => {
    expect(await wrong(allowedPorts, { outside: letting(source => source.startsWith('10.77.')) })).toEqual([]);
    expect(await wrong(allowedPorts, { outside: letting(() => true) })).toEqual([
      'tcp/8443 from 192.0.2.101: let in',
      'tcp/8443 from fd00:1::1: let in',
    ]);
    expect(await wrong(allowedPorts, { outside: letting(() => false) })).toEqual([
      'tcp/8443 from 10.77.0.1 of 10.77.0.0/16: dropped',
    ]);
  });
});

describe('firewall-fails-closed', () => {
  const says = [
    'code=0 1',
    'v4=-P INPUT DROP;-A INPUT -i lo -j ACCEPT',
    'v6=-P INPUT DROP;-A INPUT -i lo -j ACCEPT',
    'closed=0',
  ];
  /** Answers before, meanwhile over IPv4 and IPv6, and after. */
  const answering = (...answers: Answer[]): Outside => outside({ tcp: async () => answers.shift() ?? 'no answer' });
  const closed = (): Outside => answering('open', 'no answer', 'no answer', 'open');

  test('closed meanwhile, open before and after', async () => {
    expect(await wrong(firewallFailsClosed, { says, outside: closed() })).toEqual([]);
  });

  test.each([
    ['open meanwhile', says, answering('open', 'open', 'no answer', 'open')],
    ['open over IPv6', says, answering('open', 'no answer', 'refused', 'open')],
    ['closed for ever', says, answering('open', 'no answer', 'no answer', 'no answer')],
    ['a unit that ends well', ['code=0 0', ...says.slice(1)], closed()],
    ['rules that let in', ['code=0 1', 'v4=-P INPUT DROP;-A INPUT -p tcp -j ACCEPT', ...says.slice(2)], closed()],
    ['a policy that lets in', ['code=0 1', 'v4=-P INPUT ACCEPT', ...says.slice(2)], closed()],
  ])('%s fails', async (_, answers, there) => {
    expect(await wrong(firewallFailsClosed, { says: answers, outside: there })).toHaveLength(1);
  });
});

describe('ssh-table-full', () => {
  const says = ['table=/proc/net/xt_recent/keel', 'entries=12', 'still=no'];
  /** Two allowed and one dropped; then the forgotten one, two of a new address, and one too many. */
  const sound: Answer[] = ['open', 'open', 'no answer', 'open', 'open', 'open', 'no answer'];
  const answering = (answers: readonly Answer[]): Outside => {
    const left = [...answers];
    return outside({ tcp: async () => left.shift() ?? 'no answer' });
  };

  test('the longest unseen is forgotten, the limit goes on', async () => {
    expect(await wrong(sshTableFull, { says, outside: answering(sound) })).toEqual([]);
  });

  test.each([
    ['it is remembered', ['table=t', 'entries=12', 'still=yes'], sound],
    ['a table of another size', ['table=t', 'entries=100', 'still=no'], sound],
    ['everybody is locked out', says, ['open', 'open', 'no answer', 'open', 'no answer', 'no answer', 'no answer']],
    ['nobody is limited any more', says, [...sound.slice(0, 6), 'open']],
  ] as const)('%s fails', async (_, answers, connections) => {
    expect(await wrong(sshTableFull, { says: answers, outside: answering(connections) })).toHaveLength(1);
  });
});

describe('drop-in-firewall', () => {
  const seen = (v4: Answer, neighbour: Answer) => JSON.stringify({ v4, v6: v4, neighbour });
  const there = (port: number): Outside =>
    outside({ tcp: async each => (each.port === port ? 'refused' : 'no answer') });
  const console = ['caisson: WARNING: firewall: drop-in 40-broken.v4 was left out'];

  test('lets in after the reload and after the reboot, and tells of the broken one', async () => {
    expect(
      await wrong(dropInFirewall, { console, outside: there(7351), before: seen('refused', 'no answer') }),
    ).toEqual([]);
    expect(
      await wrong(dropInFirewall, { console, outside: there(1), before: seen('refused', 'no answer') }),
    ).toHaveLength(1);
    expect(
      await wrong(dropInFirewall, { console, outside: there(7351), before: seen('no answer', 'no answer') }),
    ).toHaveLength(1);
    expect(await wrong(dropInFirewall, { outside: there(7351), before: seen('refused', 'no answer') })).toHaveLength(1);
  });
});

test('ping: one answer fails', async () => {
  const answering = (received: number): Outside =>
    outside({ run: async () => ran({ stdout: `3 packets transmitted, ${received} received` }) });
  expect(await wrong(ping, { outside: answering(0) })).toEqual([]);
  expect(await wrong(ping, { outside: answering(1) })).toEqual(['3 sent, 1 received']);
  expect(await wrong(ping, { outside: outside({}) })).toEqual(['3 sent, no received']);
});
