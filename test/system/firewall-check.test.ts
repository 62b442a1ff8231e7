/** What a build says of rules, by the real iptables of the tools tree. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { resolveFirewall, type FirewallFile } from '../../pipeline/config/firewall.ts';
import { fixedEnvironment } from '../../pipeline/engine/environment.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import { sandboxArgv } from '../../pipeline/engine/sandbox.ts';
import { checkRules } from '../../pipeline/stages/tree/check-rules.ts';
import { firewallFiles } from '../../pipeline/tree/firewall.ts';
import { testEnvironment } from '../support/caisson.ts';

const { tools, scratch } = inject('builds');
const work = path.join(scratch, 'firewall-check');
const environment = testEnvironment('');

beforeAll(async () => mkdir(work, { recursive: true }));
afterAll(async () => rm(work, { recursive: true, force: true }));

/** Warnings of a check; throws what it throws. */
async function check(written: FirewallFile, transport: 'tcp' | 'vsock' | 'both' = 'tcp'): Promise<string[]> {
  const warnings: string[] = [];
  const firewall = resolveFirewall(written);
  const context = {
    work,
    box: { work: '/mnt/work', out: '', inputs: {}, repository: '' },
    warn: (message: string) => void warnings.push(message),
    run: async (
      program: string,
      args: readonly string[],
      options: { identities?: 'one' | 'own-network' | 'many' } = {},
    ) => {
      const binds = [{ host: work, inside: '/mnt/work', writable: true }];
      const identities = options.identities ?? 'one';
      const sandbox = {
        tree: tools,
        binds,
        env: fixedEnvironment(0),
        cwd: '/',
        network: false,
        identities,
        devices: [],
      };
      return runProcess(sandboxArgv(sandbox, [program, ...args], environment), {
        env: { PATH: environment.path },
        signal: new AbortController().signal,
      });
    },
  };
  await checkRules(context, firewallFiles(firewall, transport), firewall);
  return warnings;
}

describe('checkRules', () => {
  const most: FirewallFile = {
    input: 'accept',
    forward: 'accept',
    output: 'drop',
    ssh: { limit: { connections: 255, seconds: 86_400 }, from: ['192.0.2.0/24', '2001:db8::/32', '0.0.0.0/0', '::/0'] },
    allow: [
      { port: 65_535, limit: { connections: 1, seconds: 1 } },
      { port: 65_535, protocol: 'udp', limit: {}, from: ['::ffff:192.0.2.1'] },
    ],
    rules: {
      v4: ['-A INPUT -j well', ':well - [0:0]', '-I well 1 ! -s 192.0.2.1 -m comment --comment "the well" -j REJECT'],
      v6: ['-A FORWARD -p tcp -m multiport --dports 80,443 -j DROP'],
    },
  };
  it.each(['tcp', 'vsock', 'both'] as const)('takes all that Caisson writes: %s', async transport => {
    expect(await check({}, transport)).toEqual([]);
    expect(await check(most, transport)).toEqual([]);
  });

  it.each([
    ['-A INPUT -p tcp --dport 70000 -j ACCEPT', "invalid port/service `70000' specified"],
    ['-A INPUT -p tcp --dprt 70 -j ACCEPT', 'unknown option "--dprt"'],
    ['-A INPUT -m nosuch -j ACCEPT', "Couldn't load match `nosuch':No such file or directory"],
    ['-A INPUT -j NOSUCH', ''],
    ['-A INPUT -s 192.0.2.1/40 -j DROP', "invalid mask `40' specified"],
    ['-A INPUT -s 2001:db8::1 -j DROP', "host/network `2001:db8::1' not found"],
  ])('names the rule that is none: %s', async (rule, reason) => {
    const written = { rules: { v4: ['-A INPUT -s 192.0.2.8 -j DROP', rule], v6: [] } };
    if (rule.endsWith('NOSUCH')) {
      // Only the kernel misses a target whose extension is not there.
      expect(await check(written)).toEqual([expect.stringContaining('refuses')]);
      return;
    }
    await expect(check(written)).rejects.toMatchObject({
      name: 'RuleFault',
      path: 'firewall.rules.v4[1]',
      message: `iptables refuses ${JSON.stringify(rule)}: ${reason}`,
    });
  });

  it('names the rule that only the kernel refuses, as a warning', async () => {
    const written = { rules: { v6: ['-A INPUT -s ::1 -j DROP', '-A INPUT -j REJECT --reject-with tcp-reset'] } };
    expect(await check(written)).toEqual([
      'the kernel of this machine refuses firewall.rules.v6[1]: RULE_APPEND failed (Invalid argument): rule in chain INPUT',
    ]);
  });
});
