/** The addresses of the machine's network: ours, the guest's, and those of clients. Pure. */

export const DEVICE = 'tap0';
/** Locally administered, as QEMU's own are. */
export const GUEST_MAC = '52:54:00:ca:15:50';
export const ROUTER4 = '192.168.127.1';
export const PREFIX6 = 'fd00:ca15:50:';
export const ROUTER6 = `${PREFIX6}:1`;
/** Clients have 192.168.127.2 to .99 and the /64s fd00:ca15:51:N::; the guest gets one of .100 to .199. */
const CLIENTS = 98;

/** Commands of ip(8) that make the tap and give it our addresses. */
export const TAP_COMMANDS: readonly string[][] = [
  ['link', 'set', 'lo', 'up'],
  ['tuntap', 'add', 'dev', DEVICE, 'mode', 'tap'],
  ['addr', 'add', `${ROUTER4}/24`, 'dev', DEVICE],
  ['addr', 'add', `${ROUTER6}/64`, 'dev', DEVICE, 'nodad'],
  ['link', 'set', DEVICE, 'up'],
];

/** dnsmasq.conf(5): DHCP and router advertisements, no names. */
export function dnsmasqConfiguration(leases: string): string {
  return [
    'port=0',
    `interface=${DEVICE}`,
    'bind-interfaces',
    'no-resolv',
    'no-hosts',
    'pid-file=',
    `dhcp-leasefile=${leases}`,
    'dhcp-range=192.168.127.100,192.168.127.199,12h',
    'enable-ra',
    `dhcp-range=${PREFIX6}:,ra-only,64,12h`,
    '',
  ].join('\n');
}

/** Addresses of the client with this number, 1 and up; null when there are no more. */
export function clientAddresses(client: number): { v4: string; v6: string } | null {
  if (client > CLIENTS) return null;
  return { v4: `192.168.127.${client + 1}`, v6: neighbour6(`fd00:ca15:51:${client.toString(16)}::`, 1) };
}

/** The address with this number in the /64 of `v6`, which is written with `::` before its last part. */
export function neighbour6(v6: string, number: number): string {
  return `${v6.slice(0, v6.lastIndexOf('::'))}::${number.toString(16)}`;
}

/** The IPv4 address that a lease file of dnsmasq gives a MAC address: "expiry MAC address name client-id" a line. */
export function leasedAddress(leases: string, mac: string): string | null {
  for (const line of leases.split('\n')) {
    const [, holder = '', address = ''] = line.split(' ');
    if (holder.toLowerCase() === mac.toLowerCase() && /^[0-9.]+$/.test(address)) return address;
  }
  return null;
}

/** What a guest that makes addresses by RFC 4291, appendix A (EUI-64), calls itself in our prefix. */
export function eui64Address(mac: string): string {
  const bytes = mac.split(':').map(each => Number.parseInt(each, 16));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  // Its universal/local bit is turned over.
  const words = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return `${PREFIX6}0:${words.map(word => word.toString(16)).join(':')}`;
}

/** Prints what ownAddress6 reads, when there is an address in our prefix or half a minute is over. */
export const ADDRESSES6_SCRIPT = `
show() { ip -6 -o addr show scope global -tentative; }
i=0
while [ $i -lt 30 ] && ! show | grep -q ' ${PREFIX6}'; do sleep 1; i=$((i + 1)); done
show
`;

/** The address in our prefix out of `ip -6 -o addr show`: the lasting one, where there are temporary ones too. */
export function ownAddress6(shown: string): string | null {
  const found = shown.split('\n').flatMap(line => {
    const address = /\binet6 ([0-9a-f:]+)\/[0-9]+ .*\bscope global\b/.exec(line)?.[1];
    return address?.startsWith(PREFIX6) === true ? [{ address, temporary: /\btemporary\b/.test(line) }] : [];
  });
  return (found.find(each => !each.temporary) ?? found[0])?.address ?? null;
}
