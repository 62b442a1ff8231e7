import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveFirewall, type FirewallFile } from '../../pipeline/config/firewall.ts';
import { FIREWALL_PATHS, firewallFiles } from '../../pipeline/tree/firewall.ts';

type Transport = Parameters<typeof firewallFiles>[1];

const made = (written: FirewallFile, transport: Transport = 'tcp'): string => {
  const files = firewallFiles(resolveFirewall(written), transport);
  return Object.entries(files)
    .map(([name, text]) => `=== ${name}\n${text}`)
    .join('\n');
};

const allOfIt: FirewallFile = {
  forward: 'accept',
  output: 'drop',
  ssh: { limit: { connections: 1, seconds: 7 }, from: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.9'] },
  allow: [
    { port: 8443, limit: { connections: 20, seconds: 9 } },
    { port: 5353, protocol: 'udp', from: ['10.20.0.0/16'] },
    { port: 8444, from: ['2001:db8:5::/48'], limit: { connections: 2 } },
  ],
  rules: {
    v4: ['-A INPUT -j well', ':well - [0:0]', '-A well -p icmp -m icmp --icmp-type echo-request -j ACCEPT'],
    v6: ['-I INPUT -s 2001:db8:bad::/48 -j DROP'],
  },
  remembered: 777,
};

describe('firewallFiles', () => {
  const golden = (name: string): string => path.join(import.meta.dirname, 'golden', name);

  test('defaults, tcp', async () => expect(made({})).toMatchFileSnapshot(golden('firewall-tcp.txt')));
  test('defaults, vsock', async () => expect(made({}, 'vsock')).toMatchFileSnapshot(golden('firewall-vsock.txt')));
  test('everything, both', async () => expect(made(allOfIt, 'both')).toMatchFileSnapshot(golden('firewall-all.txt')));
  test('open but for what is named', async () =>
    expect(made({ ...allOfIt, input: 'accept' })).toMatchFileSnapshot(golden('firewall-open.txt')));

  test('`both` has the rules of `tcp`', () => expect(made(allOfIt, 'both')).toBe(made(allOfIt, 'tcp')));

  test('over vsock no rule names port 22, whatever ssh says', () => {
    for (const text of Object.values(firewallFiles(resolveFirewall(allOfIt), 'vsock'))) {
      expect(text).not.toMatch(/--dport 22\b/);
      expect(text).not.toContain('ssh');
    }
  });

  test('a source of one family opens nothing for the other', () => {
    const files = firewallFiles(resolveFirewall({ ssh: { from: ['192.0.2.7'] } }), 'tcp');
    expect(files['rules.v4']).toContain('-A INPUT -s 192.0.2.7 -p tcp -m tcp --dport 22');
    expect(files['rules.v6']).not.toContain('--dport 22');
  });

  test('no limit: no chain, no table', () => {
    const files = firewallFiles(resolveFirewall({ ssh: { limit: 'none' } }), 'tcp');
    expect(files['rules.v4']).toContain('--ctstate NEW -j ACCEPT');
    expect(`${files['rules.v4']}${files['rules.v6']}`).not.toMatch(/limit-|recent/);
  });

  test('tables of the two families have different names: the kernel knows them by name alone', () => {
    const files = firewallFiles(resolveFirewall({ allow: [{ port: 99, limit: {} }] }), 'tcp');
    const namesOf = (text: string): string[] => [...text.matchAll(/--name (\S+)/g)].map(([, name = '']) => name);
    expect(new Set(namesOf(files['rules.v4']))).toEqual(new Set(['ssh-v4', 'tcp-99-v4']));
    expect(new Set(namesOf(files['rules.v6']))).toEqual(new Set(['ssh-v6', 'tcp-99-v6']));
  });

  test('the closed rules let nothing out either, whatever is declared', () => {
    const files = firewallFiles(resolveFirewall({ input: 'accept', output: 'accept', allow: [{ port: 7 }] }), 'both');
    for (const family of ['v4', 'v6'] as const)
      expect(files[`closed.${family}`].match(/^[-:].*$/gm)).toEqual([
        ':INPUT DROP [0:0]',
        ':FORWARD DROP [0:0]',
        ':OUTPUT DROP [0:0]',
        '-A INPUT -i lo -j ACCEPT',
        '-A OUTPUT -o lo -j ACCEPT',
      ]);
  });

  test('every file has a place below /usr', () => {
    expect(Object.keys(FIREWALL_PATHS)).toEqual(Object.keys(firewallFiles(resolveFirewall(), 'tcp')));
    expect(Object.values(FIREWALL_PATHS).every(each => each.startsWith('/usr/'))).toBe(true);
  });
});
