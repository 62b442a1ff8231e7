/** `firewall:` of an image definition: what may come in, how often, and from where. */
import { line, list, mapping, oneOf } from './schema-words.ts';
import type { SchemaObject } from './schema-words.ts';

/** A day: the kernel counts the window in ticks of 32 bits, and remembers addresses only as long as it has room. */
const MOST_SECONDS = 86_400;

/** 255: the most that xt_recent counted before Linux 6.11 (XT_RECENT_MAX_NSTAMPS), where rules may be checked too. */
const MOST_CONNECTIONS = 255;

/** Each address takes up to 4 KiB of kernel memory, in each table. */
const MOST_REMEMBERED = 65_536;

const number = (description: string, minimum: number, maximum: number): SchemaObject => ({
  type: 'integer',
  minimum,
  maximum,
  description,
});

const policy = (what: string, usual: 'drop' | 'accept'): SchemaObject =>
  oneOf(`What becomes of ${what} that no rule names. Default: ${usual}.`, ['drop', 'accept'], 'policy');

const limit = (usual: string): SchemaObject => ({
  description: `How many new connections one address (IPv6: one /64) may open within any so many seconds; the next ones are dropped. Default: ${usual}.`,
  'x-noun': 'limit',
  anyOf: [
    { const: 'none' },
    mapping([], {
      connections: number('New connections that are let in. Default: 3.', 1, MOST_CONNECTIONS),
      seconds: number('The window, which slides. Default: 60.', 1, MOST_SECONDS),
    }),
  ],
});

const from = list(
  'Addresses or networks that are let in, e.g. "192.0.2.0/24" or "2001:db8::/32". Default: everybody.',
  line('An address or a network in CIDR form.'),
);

const rules = (family: string, example: string): SchemaObject =>
  list(
    `Lines of iptables-save(8) for the table "filter" of ${family}, after all others, e.g. ${JSON.stringify(example)}.`,
    {
      ...line('"-A CHAIN …", "-I CHAIN …", or ":CHAIN - [0:0]" for a chain of your own.'),
      minLength: 1,
      maxLength: 1024,
    },
  );

export const firewallSchema: SchemaObject = {
  description: 'The firewall of the running system; {} is one that lets in SSH alone.',
  ...mapping([], {
    input: policy('packets to the machine', 'drop'),
    forward: policy('packets through the machine', 'drop'),
    output: policy('packets from the machine', 'accept'),
    ssh: {
      description: 'How SSH over TCP is let in.',
      ...mapping([], { limit: limit('3 connections in 60 seconds'), from }),
    },
    allow: list('Further ports that are let in.', {
      description: 'One port.',
      ...mapping(['port'], {
        port: number('Port number.', 1, 65_535),
        protocol: oneOf('Default: tcp.', ['tcp', 'udp'], 'protocol'),
        from,
        limit: limit('none'),
      }),
    }),
    rules: {
      description: 'Rules in the language of iptables, for what the keys above cannot say.',
      ...mapping([], {
        v4: rules('IPv4', '-A INPUT -p icmp --icmp-type echo-request -j ACCEPT'),
        v6: rules('IPv6', '-A INPUT -p ipv6-icmp --icmpv6-type echo-request -j ACCEPT'),
      }),
    },
    remembered: number(
      'Addresses that each limit remembers. When there are more, the one that was let in the longest ago is forgotten. Default: 4096.',
      1,
      MOST_REMEMBERED,
    ),
  }),
};
