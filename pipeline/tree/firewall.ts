/** `firewall:` -> the rule files of the image, as iptables-restore(8) reads them, and what xt_recent is told. Pure. */
import type { AllowedPort, DeclaredSsh, Firewall, RateLimit } from '../formats/declaration.ts';
import { parseNetwork } from '../formats/network.ts';

/** Where the files stand in the image; caisson-firewall.service names the folder of the rules. */
export const FIREWALL_PATHS = {
  'rules.v4': '/usr/share/caisson/firewall/rules.v4',
  'rules.v6': '/usr/share/caisson/firewall/rules.v6',
  'closed.v4': '/usr/share/caisson/firewall/closed.v4',
  'closed.v6': '/usr/share/caisson/firewall/closed.v6',
  modprobe: '/usr/lib/modprobe.d/caisson-firewall.conf',
} as const;

export type FirewallFiles = Readonly<Record<keyof typeof FIREWALL_PATHS, string>>;

export type Family = 'v4' | 'v6';

/** The files of one image. Over `vsock` SSH needs no rule, and gets none. */
export function firewallFiles(firewall: Firewall, transport: DeclaredSsh['transport']): FirewallFiles {
  const ssh: Service[] =
    transport === 'vsock' ? [] : [{ name: 'ssh', title: 'SSH', port: 22, protocol: 'tcp', ...firewall.ssh }];
  const services = [...ssh, ...firewall.allow.map(serviceOf)];
  return {
    'rules.v4': rules(firewall, services, 'v4'),
    'rules.v6': rules(firewall, services, 'v6'),
    'closed.v4': closed('v4'),
    'closed.v6': closed('v6'),
    modprobe: modprobe(firewall),
  };
}

/** A port that is let in; its limit has its name. */
interface Service extends AllowedPort {
  name: string;
  title: string;
}

/** A comment, and the lines it is about. */
type Paragraph = readonly [why: string, ...lines: string[]];

const FAMILY = {
  v4: { title: 'IPv4', number: 4, one: 'one address', mask: '255.255.255.255', restore: 'iptables-restore' },
  // Whoever has one address of IPv6 has a whole /64 of them (RFC 4291 2.5.1, RFC 6177).
  v6: { title: 'IPv6', number: 6, one: 'one /64', mask: 'ffff:ffff:ffff:ffff::', restore: 'ip6tables-restore' },
} as const;

const serviceOf = (port: AllowedPort): Service => ({
  ...port,
  name: `${port.protocol}-${port.port}`,
  title: `Port ${port.protocol}/${port.port}`,
});

function rules(firewall: Firewall, services: readonly Service[], family: Family): string {
  const own = firewall.rules[family];
  const isChain = (line: string): boolean => line.startsWith(':');
  const limits = services
    .filter(service => service.limit !== null && sourcesOf(service, family).length > 0)
    .map(({ name }) => `:limit-${name} - [0:0]`);
  return text(family, `made from \`firewall:\` of the image definition`, [
    [
      'What no rule names.',
      `:INPUT ${firewall.input.toUpperCase()} [0:0]`,
      `:FORWARD ${firewall.forward.toUpperCase()} [0:0]`,
      `:OUTPUT ${firewall.output.toUpperCase()} [0:0]`,
    ],
    ...paragraph('Chains of the limits, and of the rules below.', [...limits, ...own.filter(isChain)]),
    ...inward(family),
    ...services.flatMap(service => serviceRules(service, family, firewall.input)),
    ...(firewall.output === 'drop' ? outward(family) : []),
    ...paragraph(
      `firewall.rules.${family}`,
      own.filter(line => !isChain(line)),
    ),
  ]);
}

/** Only the machine itself: what stands when anything else could not be loaded. */
function closed(family: Family): string {
  return text(family, 'for when the others cannot be loaded: closed', [
    ['Nothing in, nothing through, nothing out.', ':INPUT DROP [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT DROP [0:0]'],
    ['The machine talks to itself.', '-A INPUT -i lo -j ACCEPT', '-A OUTPUT -o lo -j ACCEPT'],
  ]);
}

/**
 * The kernel sizes the stamps of each address by the highest hit count (ip_pkt_list_tot = 0), and its hash table by
 * ip_list_tot (recent_mt_init): the number of addresses is all there is to say.
 */
function modprobe({ remembered }: Firewall): string {
  return `# Addresses that each limit of the firewall remembers; more, and the one let in the longest ago is forgotten.
options xt_recent ip_list_tot=${remembered}
`;
}

function inward(family: Family): Paragraph[] {
  return [
    ['The machine talks to itself.', '-A INPUT -i lo -j ACCEPT'],
    [
      'Part of no connection, errors about connections that do not exist among them.',
      '-A INPUT -m conntrack --ctstate INVALID -j DROP',
    ],
    [
      family === 'v4'
        ? 'Answers; and the ICMP errors about our connections (3 with "fragmentation needed", 11, 12), which path MTU needs.'
        : 'Answers; and the ICMPv6 errors about our connections (1, 2 "packet too big", 3, 4), which path MTU needs.',
      '-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    ],
    ...(family === 'v6' ? neighbours() : []),
    // Nothing for DHCPv4: networkd reads its answers from a packet socket, before any rule, and renewals are answers.
  ];
}

/** What RFC 4890 4.4.1 says a host must let in; conntrack does not track these. Pings are dropped, as over IPv4. */
function neighbours(): Paragraph[] {
  const icmp = (type: string, more: string): string =>
    `-A INPUT${more} -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -m hl --hl-eq 255 -j ACCEPT`;
  return [
    [
      'Routers and neighbours, from this link alone: a router between would have lowered the hop limit (RFC 4861 11.2).',
      icmp('134', ' -s fe80::/10'),
      icmp('135', ''),
      icmp('136', ''),
    ],
    [
      'Queries for multicast groups (MLD, RFC 3810 6.2): switches forget who does not answer, and ND is multicast.',
      '-A INPUT -s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 130 -m hl --hl-eq 1 -j ACCEPT',
    ],
    [
      'Answers of DHCPv6: asked of a group, answered from another address, so no answer to conntrack.',
      '-A INPUT -s fe80::/10 -p udp -m udp --sport 547 --dport 546 -j ACCEPT',
    ],
  ];
}

/** What must leave although nothing may: answers, and the neighbour discovery that they need. */
function outward(family: Family): Paragraph[] {
  const sent = ['133', '135', '136', '143'].map(
    type => `-A OUTPUT -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j ACCEPT`,
  );
  return [
    [
      'The machine talks to itself, and answers.',
      '-A OUTPUT -o lo -j ACCEPT',
      '-A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    ],
    ...(family === 'v6' ? [['Routers, neighbours and multicast groups.', ...sent] as const] : []),
  ];
}

function serviceRules(service: Service, family: Family, input: Firewall['input']): Paragraph[] {
  const { title, name, port, protocol, from, limit } = service;
  const sources = sourcesOf(service, family);
  const match = `-p ${protocol} -m ${protocol} --dport ${port}`;
  const begin =
    protocol === 'tcp' ? `${match} --syn -m conntrack --ctstate NEW` : `${match} -m conntrack --ctstate NEW`;
  const target = limit === null ? 'ACCEPT' : `limit-${name}`;
  const lines = sources.map(source => `-A INPUT${source} ${begin} -j ${target}`);
  const nobody = sources.length === 0 ? `from nobody over ${FAMILY[family].title}` : 'from these';
  const who = from.length === 0 ? 'from everybody' : nobody;
  // The policy would let in whom the list does not name.
  const others = from.length > 0 && input === 'accept' ? [`-A INPUT ${match} -j DROP`] : [];
  return [
    [`${title}, ${who}.`, ...lines, ...others],
    ...(limit === null || lines.length === 0 ? [] : [limitRules(name, limit, family)]),
  ];
}

/** What a rule says of each source; of everybody nothing. */
function sourcesOf({ from }: Service, family: Family): string[] {
  if (from.length === 0) return [''];
  return from.filter(each => parseNetwork(each)?.family === FAMILY[family].number).map(each => ` -s ${each}`);
}

/**
 * A sliding window. The stamps of those let in are looked up before this one is noted, so `--hitcount` is the number
 * let in; who is dropped is not noted, so trying again neither counts nor prolongs.
 */
function limitRules(name: string, { connections, seconds }: RateLimit, family: Family): Paragraph {
  const { one, mask } = FAMILY[family];
  const table = `--name ${name}-${family} --mask ${mask} --rsource`;
  return [
    `Let in from ${one} within any ${seconds} s: ${connections}. The next is dropped, and does not count.`,
    `-A limit-${name} -m recent --rcheck --seconds ${seconds} --hitcount ${connections} ${table} -j DROP`,
    `-A limit-${name} -m recent --set ${table} -j ACCEPT`,
  ];
}

const paragraph = (why: string, lines: readonly string[]): Paragraph[] => (lines.length === 0 ? [] : [[why, ...lines]]);

function text(family: Family, what: string, paragraphs: readonly Paragraph[]): string {
  const { title, restore } = FAMILY[family];
  const body = paragraphs.map(([why, ...lines]) => [`# ${why}`, ...lines].join('\n'));
  return `# ${title} rules for ${restore}, ${what}.\n*filter\n${body.join('\n\n')}\nCOMMIT\n`;
}
