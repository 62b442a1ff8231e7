import type { Declaration, Firewall } from '../formats/declaration.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { claim, fact, outsideOf, type Subject } from './claim.ts';
import { scan, type Scan } from './port-scan.ts';
import { overTcp } from './ssh-attempts.ts';

/** Services that systems have without being asked: names, addresses, time, sharing, discovery, tunnels. */
const COMMON_UDP =
  '53,67,68,69,111,123,137,138,161,162,323,500,514,520,546,547,631,1194,1434,1701,1900,2049,3702,4500,4789,5353,5355,6081,8472,51820';

export const openPorts = claim({
  name: 'open-ports',
  promise: declaration => {
    const { tcp, udp } = declaredPorts(declaration);
    const names = [...tcp.map(port => `tcp/${port}`), ...udp.map(port => `udp/${port}`)];
    return `From outside ${names.length === 0 ? 'no port answers' : `only ${names.join(', ')} may answer`}, over IPv4 and IPv6.`;
  },
  tried: `nmap from another host: all 65,535 TCP ports and ${COMMON_UDP.split(',').length} UDP ports of common services`,
  order: 'beside',
  applies: ({ firewall }) => firewall?.input === 'drop',
  prove: async subject => {
    const outside = outsideOf(subject);
    const declared = declaredPorts(subject.declaration);
    const { v4, v6 } = await outside.take();
    const facts: ProvenFact[] = [];
    for (const [name, source, target] of [
      ['IPv4', v4, outside.guest4],
      ['IPv6', v6, outside.guest6],
    ] as const) {
      const tcp = await scan(outside, { source, target, protocol: 'tcp', ports: '1-65535' });
      facts.push(judge(`${name} TCP`, tcp, declared.tcp), ...mustListen(subject, name, tcp));
      facts.push(
        judge(`${name} UDP`, await scan(outside, { source, target, protocol: 'udp', ports: COMMON_UDP }), declared.udp),
      );
    }
    return facts;
  },
});

/** What the declaration lets in from everywhere, or from somewhere: the scan may meet either. */
export function declaredPorts({ firewall, ssh }: Pick<Declaration, 'firewall' | 'ssh'>): {
  tcp: number[];
  udp: number[];
} {
  const ofSsh = overTcp({ ssh }) ? [22] : [];
  if (firewall === null) return { tcp: ofSsh, udp: [] };
  const own = (protocol: 'tcp' | 'udp'): number[] => [
    ...firewall.allow.filter(each => each.protocol === protocol).map(each => each.port),
    ...portsOfRules(firewall, protocol),
  ];
  return { tcp: [...new Set([...ofSsh, ...own('tcp')])], udp: [...new Set(own('udp'))] };
}

/** `-A INPUT -p tcp --dport 8080 -j ACCEPT` of an image's own rules; a range lets in all of it. */
export function portsOfRules({ rules }: Pick<Firewall, 'rules'>, protocol: 'tcp' | 'udp'): number[] {
  return [...rules.v4, ...rules.v6].flatMap(rule => {
    const words = rule.split(/\s+/);
    const after = (...names: string[]): string | undefined => words[words.findIndex(word => names.includes(word)) + 1];
    if (after('-A', '-I') !== 'INPUT' || after('-j', '--jump') !== 'ACCEPT' || after('-p', '--protocol') !== protocol)
      return [];
    const wanted = words.includes('--dport')
      ? after('--dport')
      : words.includes('--dports')
        ? after('--dports')
        : undefined;
    return (wanted ?? '').split(',').flatMap(part => {
      const [first = Number.NaN, last = first] = part.split(':').map(Number);
      return Number.isInteger(first) && last >= first
        ? Array.from({ length: last - first + 1 }, (_, index) => first + index)
        : [];
    });
  });
}

function judge(title: string, { answered, silent, seconds }: Scan, declared: readonly number[]): ProvenFact {
  const wrong = answered.filter(port => !declared.includes(port));
  const text = `${title}: ${answered.length === 0 ? 'none' : answered.join(', ')} answered, ${silent} silent, ${seconds.toFixed(0)} s`;
  return fact(wrong.length === 0, wrong.length === 0 ? text : `${text}; NOT declared: ${wrong.join(', ')}`);
}

/** A scan that sees nothing may be one that was not seen itself. */
function mustListen({ declaration: { ssh, firewall } }: Subject, name: string, { answered }: Scan): ProvenFact[] {
  if (!overTcp({ ssh }) || (firewall?.ssh.from.length ?? 0) > 0) return [];
  return [fact(answered.includes(22), `${name}: SSH ${answered.includes(22) ? 'answers' : 'does NOT answer'}`)];
}
