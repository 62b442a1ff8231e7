import { checkImage } from '../../pipeline/config/image.ts';
import { testTable } from './golden.ts';
import type { Row } from './golden.ts';
import { stages } from './stages.ts';

const head = `name: zebra
version: "2031.7"
layout: stripes
epoch: "2031-07-01T00:00:00Z"
stages: [{ id: p, stage: packages, options: { manifest: m } }]
`;
const row = (title: string, faults: number, firewall: string): Row => ({
  title,
  faults,
  yaml: `${head}firewall:\n${firewall}`,
});
const allow = (title: string, faults: number, ...entries: string[]): Row =>
  row(title, faults, `  allow:\n${entries.map(each => `    - { ${each} }\n`).join('')}`);
const from = (title: string, faults: number, ...networks: string[]): Row =>
  row(title, faults, `  ssh:\n    from:\n${networks.map(each => `      - "${each}"\n`).join('')}`);
const v4 = (title: string, faults: number, ...lines: string[]): Row =>
  row(title, faults, `  rules:\n    v4:\n${lines.map(each => `      - '${each}'\n`).join('')}`);

const rows: Row[] = [
  { title: 'left out', faults: 0, yaml: head },
  row('empty mapping', 0, '  {}\n'),
  row('no mapping', 1, '  open\n'),
  row(
    'everything',
    0,
    `  input: accept
  forward: accept
  output: drop
  ssh: { limit: { connections: 255, seconds: 86400 }, from: ["192.0.2.7", "2001:db8::/32"] }
  allow: [{ port: 53, protocol: udp, limit: none }, { port: 53, from: ["::1"], limit: { connections: 1 } }, { port: 22, protocol: udp }]
  rules: { v4: [":mine - [0:0]", "-A INPUT -j mine", "-I mine 1 ! -s 192.0.2.1 -j REJECT"], v6: ["-A INPUT -j DROP"] }
  remembered: 65536
`,
  ),
  row('misspelt key', 1, '  imput: drop\n'),
  row('policy in capitals', 1, '  input: DROP\n'),
  row('policy of iptables that is none here', 1, '  output: reject\n'),
  row('limit as a number', 1, '  ssh: { limit: 3 }\n'),
  row('limit as another word', 1, '  ssh: { limit: off }\n'),
  row('no connection', 1, '  ssh: { limit: { connections: 0 } }\n'),
  row('more connections than the kernel counts', 1, '  ssh: { limit: { connections: 256 } }\n'),
  row('no second', 1, '  ssh: { limit: { seconds: 0 } }\n'),
  row('more than a day', 1, '  ssh: { limit: { seconds: 86401 } }\n'),
  row('seconds as text', 1, '  ssh: { limit: { seconds: "60" } }\n'),
  row('misspelt limit', 1, '  ssh: { limit: { conections: 5 } }\n'),
  row('nobody is remembered', 1, '  remembered: 0\n'),
  row('too many are remembered', 1, '  remembered: 65537\n'),
  from('sources of every form', 0, '192.0.2.1', '198.51.100.0/24', '0.0.0.0/0', '2001:db8::1', 'fe80::/10', '::/0'),
  row('no source at all', 2, '  ssh: { from: [] }\n  allow: [{ port: 54, from: [] }]\n'),
  from('host bits, IPv4', 1, '192.0.2.7/24'),
  from('host bits, IPv6', 1, '2001:db8:0:0:1::5/64'),
  from('prefix too long', 2, '192.0.2.0/33', '2001:db8::/129'),
  from('prefix as a mask', 1, '192.0.2.0/255.255.255.0'),
  from('prefix missing', 1, '192.0.2.0/'),
  from('prefix with a zero before', 1, '10.0.0.0/08'),
  from('four numbers', 2, '192.0.2', '192.0.2.256'),
  from('broken IPv6', 1, '2001:db8:::1'),
  from('IPv6 with an interface', 1, 'fe80::1%eth0'),
  from('a name', 1, 'gate.example'),
  from('the same in other words', 2, '192.0.2.0/32', '192.0.2.0', '2001:db8::', '2001:0db8:0:0:0:0:0:0/128'),
  row('source as a number', 1, '  ssh: { from: [10] }\n'),
  allow('port missing', 1, 'protocol: tcp'),
  allow('port 0', 1, 'port: 0'),
  allow('port too high', 1, 'port: 65536'),
  allow('port as text', 1, 'port: "8080"'),
  allow('protocol misspelt', 1, 'port: 8080, protocol: upd'),
  allow('port twice', 2, 'port: 8080', 'port: 8080, protocol: tcp', 'port: 8080, protocol: udp', 'port: 8080'),
  allow('the port of SSH', 2, 'port: 22', 'port: 22, limit: none'),
  allow('source of a port', 1, 'port: 8080, from: ["192.0.2.1/8"]'),
  v4('rules', 0, '-A INPUT -p tcp --dport 8080 -j ACCEPT', '-I OUTPUT -d 192.0.2.9 -j REJECT', '-A INPUT'),
  v4('a rule as a command', 1, 'iptables -A INPUT -j ACCEPT'),
  v4('other verbs', 3, '-D INPUT -j ACCEPT', '-F', '--append INPUT -j ACCEPT'),
  v4('policies', 2, ':INPUT ACCEPT [0:0]', '-P OUTPUT DROP'),
  v4('tables', 3, '*nat', 'COMMIT', '-A INPUT -t nat -j ACCEPT'),
  v4('comment', 1, '# mine'),
  row('two lines in one', 1, '  rules: { v4: ["-A INPUT -j ACCEPT\\nCOMMIT"] }\n'),
  row('a tab', 1, '  rules: { v6: ["-A\\tINPUT -j ACCEPT"] }\n'),
  v4('empty', 1, ''),
  v4(
    'for a shell',
    4,
    '-A INPUT -s $HOME -j DROP',
    '-A INPUT -j DROP; id',
    '-A INPUT -s `id` -j DROP',
    '-A INPUT -j LOG > /x',
  ),
  v4('half a quotation', 1, '-A INPUT -m comment --comment "half -j DROP'),
  v4('a comment in the rule', 0, '-A INPUT -m comment --comment "the well" -j DROP'),
  v4('chains', 0, '-A INPUT -j well', ':well - [0:0]', '-A well -g well'),
  v4('no such chain', 2, '-A IMPUT -j ACCEPT', '-A INPUT -j wel'),
  v4('target in lower case', 1, '-A INPUT -j drop'),
  v4('chain twice', 1, ':well - [0:0]', ':well - [0:0]'),
  v4('chain without its form', 3, ':well', ':well DROP [0:0]', ':w!ll - [0:0]'),
  v4('chain name too long', 1, `:${'w'.repeat(29)} - [0:0]`),
  v4('chains of ours', 2, ':limit-tea - [0:0]', '-I limit-ssh -j ACCEPT'),
  v4('chain declared for the other family', 0, ':well - [0:0]', '-A well -j DROP'),
  row('chain of the other family', 1, '  rules: { v4: [":well - [0:0]"], v6: ["-A INPUT -j well"] }\n'),
  row(
    'table of a limit',
    2,
    `  allow: [{ port: 7, protocol: udp }]
  rules:
    v4: ["-A INPUT -m recent --name ssh-v6 --set", "-A INPUT -m recent --name mine --set -j DROP"]
    v6: ["-A INPUT -m recent --set --name udp-7-v6 -j ACCEPT", "-A INPUT -m recent --set --name tcp-7-v6 -j ACCEPT"]
`,
  ),
  row('a fault hides no other', 3, '  input: DROP\n  ssh: { from: ["x"] }\n  rules: { v4: ["-F"] }\n'),
];

testTable({
  golden: 'firewall.txt',
  file: 'pipeline/zebra.yaml',
  rows,
  check: document => checkImage(document, stages).faults,
});
