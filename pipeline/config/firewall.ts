/** `firewall:` of an image definition: defaults filled in, and rules that only report. */
import type { AllowedPort, Firewall, RateLimit } from '../formats/declaration.ts';
import { formatNetwork, networkOf, parseNetwork } from '../formats/network.ts';
import { fault, placeOf } from './document.ts';
import type { Document } from './document.ts';
import { ruleFaults } from './firewall-rules.ts';
import { formatPath, listAt, mappingAt, valueAt } from './paths.ts';
import type { Path } from './paths.ts';
import type { Diagnostic } from './types.ts';

type LimitFile = 'none' | Partial<RateLimit>;

/** `firewall:` as written, accepted by its schema. */
export interface FirewallFile {
  input?: Firewall['input'];
  forward?: Firewall['forward'];
  output?: Firewall['output'];
  ssh?: { limit?: LimitFile; from?: string[] };
  allow?: { port: number; protocol?: AllowedPort['protocol']; from?: string[]; limit?: LimitFile }[];
  rules?: Partial<Firewall['rules']>;
  remembered?: number;
}

/** Fills in every default; without a `firewall:` all of them. Pure; reports nothing. */
export function resolveFirewall(written: FirewallFile = {}): Firewall {
  return {
    input: written.input ?? 'drop',
    forward: written.forward ?? 'drop',
    output: written.output ?? 'accept',
    ssh: { limit: resolveLimit(written.ssh?.limit ?? {}), from: written.ssh?.from ?? [] },
    allow: (written.allow ?? []).map(({ port, protocol, from, limit }) => ({
      port,
      protocol: protocol ?? 'tcp',
      from: from ?? [],
      limit: resolveLimit(limit ?? 'none'),
    })),
    rules: { v4: written.rules?.v4 ?? [], v6: written.rules?.v6 ?? [] },
    remembered: written.remembered ?? 4096,
  };
}

function resolveLimit(limit: LimitFile): RateLimit | null {
  return limit === 'none' ? null : { connections: limit.connections ?? 3, seconds: limit.seconds ?? 60 };
}

/** What is wrong in spite of the schema. Reads half-wrong documents too. */
export function firewallFaults(document: Document): Diagnostic[] {
  const ports = listAt(document.value, ['firewall', 'allow']);
  return [
    ...portFaults(document, ports),
    ...sourceFaults(document, ['firewall', 'ssh', 'from']),
    ...ports.flatMap((_, index) => sourceFaults(document, ['firewall', 'allow', index, 'from'])),
    ...ruleFaults(document),
  ];
}

/** One entry a port, since its limit has the port's name; and SSH is not declared twice. */
function portFaults(document: Document, ports: readonly unknown[]): Diagnostic[] {
  const first = new Map<string, Path>();
  return ports.flatMap((entry, index) => {
    const path = ['firewall', 'allow', index, 'port'];
    const port = valueAt(entry, ['port']);
    const protocol = mappingAt(entry, [])['protocol'] ?? 'tcp';
    if (typeof port !== 'number' || typeof protocol !== 'string') return [];
    const name = `${protocol}/${port}`;
    if (name === 'tcp/22') {
      const hint =
        'take it out here; `firewall.ssh` says how often and from where, the transport of SSH whether at all';
      return [fault(document, path, 'port 22 is what `firewall.ssh` lets in', hint)];
    }
    const before = first.get(name);
    first.set(name, before ?? path);
    if (before === undefined) return [];
    const message = `duplicate port ${name}, first is ${formatPath(before)}`;
    const isOfBase = placeOf(document, path).file !== placeOf(document, before).file;
    const hint = isOfBase
      ? 'begin `allow` with null to say all its ports anew: it takes those of the base away'
      : 'write all its sources into one `from`';
    return [fault(document, path, message, hint)];
  });
}

function sourceFaults(document: Document, list: Path): Diagnostic[] {
  const first = new Map<string, Path>();
  const written = valueAt(document.value, list);
  // A rule without sources is one for everybody: the opposite of what stands there.
  if (Array.isArray(written) && written.length === 0)
    return [fault(document, list, 'names nobody', 'name an address, or leave it out to let in everybody')];
  return listAt(document.value, list).flatMap((text, index) => {
    if (typeof text !== 'string') return [];
    const path = [...list, index];
    const network = parseNetwork(text);
    if (network === null) return [fault(document, path, ...whyNoNetwork(text))];
    const tidy = networkOf(network);
    if (tidy.address !== network.address) {
      const message = `${JSON.stringify(text)} has bits behind its prefix of ${network.prefix}`;
      return [
        fault(document, path, message, `write "${formatNetwork(tidy)}" for the network, or the address without prefix`),
      ];
    }
    const name = formatNetwork(network);
    const before = first.get(name);
    first.set(name, before ?? path);
    return before === undefined ? [] : [fault(document, path, `the same as ${formatPath(before)}`)];
  });
}

function whyNoNetwork(text: string): [message: string, hint: string] {
  const found = JSON.stringify(text);
  const [address = '', prefix] = text.split('/');
  const alone = parseNetwork(address);
  if (alone !== null && prefix !== undefined)
    return [`${found} has no prefix length behind its slash`, `a number from 0 to ${alone.family === 4 ? 32 : 128}`];
  if (text.includes('%')) return [`${found} names an interface`, 'write the address without "%"'];
  if (/^[0-9]+(\.[0-9]+)*$/.test(address))
    return [`${found} is no IPv4 address`, 'four numbers from 0 to 255, e.g. "192.0.2.0/24"'];
  if (/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(address)) return [`${found} is no IPv6 address`, 'e.g. "2001:db8::/32"'];
  return [
    `${found} is no address`,
    'a name is not looked up: write the address or network in CIDR form, e.g. "192.0.2.0/24"',
  ];
}
