/** overlays/guest/usr/lib/caisson/firewall when something is wrong with what it loads: closed, or without it. */
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { FirewallFile } from '../../pipeline/config/firewall.ts';
import { openFirewallLab, type FirewallLab } from '../support/firewall-lab.ts';
import { FAR } from '../support/network-lab.ts';

const { tools, scratch } = inject('builds');
const [ann] = FAR.v4;
const [ann6] = FAR.v6;

let lab: FirewallLab;

beforeAll(async () => {
  lab = await openFirewallLab(tools, path.join(scratch, 'firewall-loader'));
});
afterAll(async () => lab.close());
beforeEach(({ skip }) => skip(lab.lacking !== '', lab.lacking));

describe('what cannot be loaded', () => {
  const open: FirewallFile = { input: 'accept', ssh: { limit: 'none' } };
  const unreadable = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT --no-such-thing -j ACCEPT\nCOMMIT\n';
  const refused = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j REJECT --reject-with tcp-reset\nCOMMIT\n';
  const cut = '*filter\n:INPUT ACCEPT [0:0]\n';

  it.each([
    ['rules.v4', unreadable],
    ['rules.v6', unreadable],
    ['rules.v4', refused],
    ['rules.v6', cut],
    ['rules.v4', ''],
  ])('%s leaves both families closed: %j', async (name, text) => {
    await lab.load(open);
    expect(await lab.knocks([ann], [ann6])).toEqual(['open', 'open']);
    const { exitCode, output } = await lab.load(open, { broken: { [name]: text } });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^<4>caisson: WARNING: firewall: the rules cannot be loaded, all is closed: ./m);
    expect(await lab.knocks([ann], [ann6])).toEqual(['no answer', 'no answer']);
  });

  it.each([
    ['closed.v4', unreadable],
    ['closed.v6', ''],
  ])('the closed rules: told, and nothing is opened: %s %j', async (name, text) => {
    await lab.load({});
    const { exitCode, output } = await lab.load(open, { broken: { [name]: text } });
    expect(exitCode).toBe(1);
    expect(output).toContain('not even the closed rules could be loaded: ');
    expect(await lab.knocks([ann, 23], [ann6, 23])).toEqual(['no answer', 'no answer']);
  });

  it('a reload keeps what stands', async () => {
    await lab.load({ allow: [{ port: 23 }] });
    const { exitCode, output } = await lab.load(open, { verb: 'reload', broken: { 'rules.v4': unreadable } });
    expect(exitCode).toBe(1);
    expect(output).toContain('those before stay');
    expect(await lab.knocks([ann, 23], [ann, 8080])).toEqual(['open', 'no answer']);
  });

  it('a drop-in: it alone is left out, by name', async () => {
    const { exitCode, output } = await lab.load(
      {},
      {
        dropIns: {
          '10-first.v4': '# mine\n\n:well - [0:0]\n-A INPUT -p tcp --dport 23 -j well\n-A well -j ACCEPT',
          '20-broken.v4': '-A INPUT -p tcp --dport 8081 -j ACCEPT\n-A INPUT --no-such-thing',
          '30-refused.v4': '-A INPUT -j REJECT --reject-with tcp-reset',
          '40-last.v4': '-A INPUT -p tcp --dport 8080 -j ACCEPT',
          '40-last.v6': '-A INPUT -p tcp --dport 23 -j ACCEPT',
        },
      },
    );
    expect(exitCode).toBe(0);
    expect(output.trim().split('\n')).toEqual([
      '<4>caisson: WARNING: firewall: drop-in 20-broken.v4 was left out: unknown option "--no-such-thing" ',
      expect.stringMatching(/^<4>caisson: WARNING: firewall: drop-in 30-refused.v4 was left out: RULE_APPEND failed/),
    ]);
    expect(await lab.knocks([ann], [ann, 23], [ann, 8080], [ann, 8081], [ann6, 23])).toEqual([
      'open',
      'open',
      'open',
      'no answer',
      'open',
    ]);
  });

  it.each([
    ['one that others may write', 'chmod 666 /tmp/lab/drop-ins/mine.v4', 'others than root may write it'],
    ['one that a group may write', 'chmod 664 /tmp/lab/drop-ins/mine.v4', 'others than root may write it'],
    [
      'a link',
      'mv /tmp/lab/drop-ins/mine.v4 /tmp/lab/x; ln -s ../x /tmp/lab/drop-ins/mine.v4',
      'it is no regular file',
    ],
    [
      'a link to nothing',
      'rm /tmp/lab/drop-ins/mine.v4; ln -s gone /tmp/lab/drop-ins/mine.v4',
      'it is no regular file',
    ],
    ['a folder', 'rm /tmp/lab/drop-ins/mine.v4; mkdir /tmp/lab/drop-ins/mine.v4', 'it is no regular file'],
    [
      'one with a strange name',
      'mv /tmp/lab/drop-ins/mine.v4 "/tmp/lab/drop-ins/my rules.v4"',
      'its name has more than',
    ],
    ['one of no family', 'mv /tmp/lab/drop-ins/mine.v4 /tmp/lab/drop-ins/mine.rules', 'its name ends in neither'],
    ['a folder that others may write', 'chmod 777 /tmp/lab/drop-ins', 'others than root may write it'],
    ['another table', 'echo "*nat" >>/tmp/lab/drop-ins/mine.v4', 'it has a line that is not'],
    ['a policy', 'echo ":INPUT ACCEPT [0:0]" >>/tmp/lab/drop-ins/mine.v4', 'it has a line that is not'],
    ['what removes', 'echo "-F INPUT" >>/tmp/lab/drop-ins/mine.v4', 'it has a line that is not'],
    ['a table in a rule', 'echo "-A INPUT -t nat -j ACCEPT" >>/tmp/lab/drop-ins/mine.v4', 'it names a table'],
  ])('%s is no drop-in', async (_, prepare, reason) => {
    const { exitCode, output } = await lab.load(
      {},
      { dropIns: { 'mine.v4': '-A INPUT -p tcp --dport 23 -j ACCEPT' }, prepare },
    );
    expect(exitCode).toBe(0);
    expect(output.match(/WARNING: firewall: drop-in \S+ was left out: /g)).toHaveLength(1);
    expect(output).toContain(reason);
    expect(await lab.knocks([ann], [ann, 23])).toEqual(['open', 'no answer']);
  });

  it('a call without its folders is refused', async () => {
    for (const args of ['', 'start /mnt/rules', 'halt /mnt/rules /tmp'])
      expect(await lab.sh('guest', `sh /mnt/caisson/firewall ${args}`)).toMatchObject({ exitCode: 2 });
  });
});
