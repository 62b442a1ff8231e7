import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveFirewall, type FirewallFile } from '../../../pipeline/config/firewall.ts';
import { checkRules, RuleFault } from '../../../pipeline/stages/tree/check-rules.ts';
import { firewallFiles } from '../../../pipeline/tree/firewall.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { contextOf, type Call, type FakeContext } from '../context.ts';

const folder = scratchDirectory();

/** What iptables says to a file, by its options and its text; null when it takes it. */
type Says = (file: { args: readonly string[]; text: string; program: string }) => string[] | null;

function fixture(says: Says): FakeContext {
  return contextOf(folder, {
    run: ({ program, args }: Call, context) => {
      const name = (args.at(-1) ?? '').replace(`${context.box.work}/`, '');
      const output = says({ args, program, text: readFileSync(join(context.work, name), 'utf8') });
      if (output !== null) throw Object.assign(new Error('ended'), { name: 'ProcessFailure', output });
    },
  });
}
const check = async (context: FakeContext, written: FirewallFile): Promise<void> => {
  const firewall = resolveFirewall(written);
  await checkRules(context, firewallFiles(firewall, 'tcp'), firewall);
};
const lineOf = (text: string, line: string): number => text.split('\n').indexOf(line) + 1;

const own: FirewallFile = { rules: { v4: ['-A INPUT -p tcp --dport 7 -j DROP', '-A INPUT -p tcp --dport x -j DROP'] } };
const broken = own.rules?.v4?.[1] ?? '';

describe('checkRules', () => {
  test('reads, then loads each file, in charge of the own network alone', async () => {
    const context = fixture(() => null);
    await check(context, own);
    expect(context.calls.map(({ program, args }) => [program, ...args].join(' '))).toEqual(
      ['iptables-nft-restore', 'ip6tables-nft-restore'].flatMap((program, index) =>
        ['closed', 'rules'].flatMap(kind =>
          ['--test ', ''].map(option => `${program} ${option}/mnt/work/${kind}.v${index === 0 ? 4 : 6}`),
        ),
      ),
    );
    expect(new Set(context.calls.map(({ options }) => options.identities))).toEqual(new Set(['own-network']));
    expect(context.warnings).toEqual([]);
  });

  test('a line of the user’s that cannot be read is told by its place', async () => {
    const context = fixture(({ text }) =>
      text.includes(broken)
        ? [
            "iptables-nft-restore v1.8.11 (nf_tables): invalid port/service `x' specified",
            `Error occurred at line: ${lineOf(text, broken)}`,
            "Try `iptables-restore -h' or 'iptables-restore --help' for more information.",
          ]
        : null,
    );
    const error = await check(context, own).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(RuleFault);
    expect(error).toMatchObject({
      path: 'firewall.rules.v4[1]',
      message: `iptables refuses "${broken}": invalid port/service \`x' specified`,
    });
  });

  test('a line of ours that cannot be read is a bug', async () => {
    const context = fixture(({ text }) => [
      'no',
      `Error occurred at line: ${lineOf(text, '-A INPUT -i lo -j ACCEPT')}`,
    ]);
    await expect(check(context, own)).rejects.toThrow(/closed\.v4 that Caisson wrote: -A INPUT -i lo -j ACCEPT: no$/);
  });

  test('what the kernel refuses is a warning, and the others are tried', async () => {
    const context = fixture(({ args, text }) =>
      !args.includes('--test') && text.includes(broken)
        ? [
            'iptables-nft-restore v1.8.11 (nf_tables): ',
            `line ${lineOf(text, broken)}: RULE_APPEND failed (Invalid argument): rule in chain INPUT`,
          ]
        : null,
    );
    await check(context, own);
    expect(context.warnings).toEqual([
      'the kernel of this machine refuses firewall.rules.v4[1]: RULE_APPEND failed (Invalid argument): rule in chain INPUT',
    ]);
    expect(context.calls).toHaveLength(8);
  });

  test.each([
    [['bwrap: execvp iptables-nft-restore: No such file or directory']],
    [['iptables-nft-restore v1.8.11 (nf_tables): Could not fetch rule set generation id: Permission denied']],
    [[]],
  ])('a machine that cannot try is one warning: %j', async output => {
    const context = fixture(() => output);
    await check(context, own);
    expect(context.warnings).toHaveLength(1);
    expect(context.warnings[0]).toContain('could not be tried');
    expect(context.calls).toHaveLength(1);
  });

  test('what is no end of a program goes on', async () => {
    const context = contextOf(folder, {
      run: () => {
        throw new TypeError('mine');
      },
    });
    await expect(check(context, own)).rejects.toThrow('mine');
  });
});
