import { expect, test } from 'vitest';
import { parseScan, scan } from '../../pipeline/claims/port-scan.ts';
import { portsOfRules } from '../../pipeline/claims/open-ports.ts';
import { outside, ran } from './subject.ts';

const XML = `<?xml version="1.0"?><nmaprun><host><ports><extraports state="filtered" count="65533">
<extrareasons reason="no-response" count="65533"/></extraports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="64"/><service name="ssh"/></port>
<port protocol="tcp" portid="80"><state state="closed" reason="reset" reason_ttl="64"/></port>
<port protocol="tcp" portid="81"><state state="filtered" reason="no-response" reason_ttl="0"/></port>
</ports></host><runstats><finished time="1" elapsed="31.50" exit="success"/></runstats></nmaprun>`;

test('open and closed ports have answered, filtered ones not', () => {
  expect(parseScan(XML)).toEqual({ answered: [22, 80], silent: 65_534, seconds: 31.5 });
});

test('a scan that broke off says nothing', () => {
  expect(() => parseScan(XML.replace(/<runstats.*/s, ''))).toThrow('nmap did not come to its end');
});

test('thousands of closed ports are no silence', () => {
  expect(() => parseScan(XML.replace('state="filtered" count', 'state="closed" count'))).toThrow(
    '65533 ports are closed',
  );
});

test('goes out by the device that leads to the guest, from the address that is named', async () => {
  const runs: (readonly string[])[] = [];
  const there = outside({
    run: async argv => {
      runs.push(argv);
      return ran({ stdout: argv[0] === 'ip' ? 'fd00::9 dev tap3 src fd00::1' : XML });
    },
  });
  await scan(there, { source: 'fd00:5::1', target: 'fd00::9', protocol: 'tcp', ports: '1-9' });
  expect(runs[1]).toEqual(expect.arrayContaining(['-6', '-sS', '-S', 'fd00:5::1', '-e', 'tap3', 'fd00::9']));
});

test('ports that the rules of an image open themselves', () => {
  const rules = {
    v4: [
      '-A INPUT -p tcp --dport 8080 -j ACCEPT',
      '-I INPUT -p tcp -m multiport --dports 90,100:102 -j ACCEPT',
      '-A INPUT -p tcp --dport 23 -j DROP',
      '-A FORWARD -p tcp --dport 24 -j ACCEPT',
    ],
    v6: ['-A INPUT -p udp --dport 546 -j ACCEPT', '-A INPUT -s fd00::/8 -j ACCEPT'],
  };
  expect(portsOfRules({ rules }, 'tcp')).toEqual([8080, 90, 100, 101, 102]);
  expect(portsOfRules({ rules }, 'udp')).toEqual([546]);
});
