/** `firewall:` of an image definition: what may come in, how often, and from where. */
import { defaultsTo, examples, leftOut, line, list, mapping, oneOf } from './schema-words.ts';
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
  defaultsTo(oneOf(`What becomes of ${what} that no rule names.`, ['drop', 'accept'], 'policy'), usual);

const limit = (usual: unknown): SchemaObject => ({
  description:
    'How many new connections one address (IPv6: one /64) may open within any so many seconds; the next ones are dropped.',
  'x-noun': 'limit',
  default: usual,
  examples: [{ connections: 10, seconds: 60 }, 'none'],
  anyOf: [
    { const: 'none' },
    mapping([], {
      connections: defaultsTo(number('New connections that are let in.', 1, MOST_CONNECTIONS), 3),
      seconds: defaultsTo(number('The window, which slides.', 1, MOST_SECONDS), 60),
    }),
  ],
});

const from = leftOut(
  examples(list('Addresses or networks that are let in.', line('An address or a network in CIDR form.')), [
    '192.0.2.0/24',
    '2001:db8::/32',
  ]),
  'everybody',
);

const rules = (family: string, example: string): SchemaObject =>
  defaultsTo(
    examples(
      list(`Lines of iptables-save(8) for the table "filter" of ${family}, after all others.`, {
        ...line('"-A CHAIN …", "-I CHAIN …", or ":CHAIN - [0:0]" for a chain of your own.'),
        minLength: 1,
        maxLength: 1024,
      }),
      [example],
    ),
    [],
  );

export const firewallSchema: SchemaObject = {
  description: 'The firewall of the running system; {} is one that lets in SSH alone.',
  'x-default': 'no firewall',
  examples: [{ allow: [{ port: 443 }] }],
  ...mapping([], {
    input: policy('packets to the machine', 'drop'),
    forward: policy('packets through the machine', 'drop'),
    output: policy('packets from the machine', 'accept'),
    ssh: {
      description: 'How SSH over TCP is let in.',
      default: {},
      ...mapping([], {
        limit: limit({ connections: 3, seconds: 60 }),
        // Who is let in is said in one place: a base that lets in more would not be seen.
        from: { ...from, 'x-exact': true },
      }),
    },
    allow: defaultsTo(
      examples(
        list('Further ports that are let in.', {
          description: 'One port.',
          ...mapping(['port'], {
            port: examples(number('Port number.', 1, 65_535), 5000),
            protocol: defaultsTo(oneOf('What is let in on it.', ['tcp', 'udp'], 'protocol'), 'tcp'),
            from,
            limit: limit('none'),
          }),
        }),
        [{ port: 5000, from: ['192.0.2.0/24'] }],
      ),
      [],
    ),
    rules: {
      description: 'Rules in the language of iptables, for what the keys above cannot say.',
      default: {},
      ...mapping([], {
        v4: rules('IPv4', '-A INPUT -p icmp --icmp-type echo-request -j ACCEPT'),
        v6: rules('IPv6', '-A INPUT -p ipv6-icmp --icmpv6-type echo-request -j ACCEPT'),
      }),
    },
    remembered: defaultsTo(
      number(
        'Addresses that each limit remembers. When there are more, the one that was let in the longest ago is forgotten.',
        1,
        MOST_REMEMBERED,
      ),
      4096,
    ),
  }),
};
