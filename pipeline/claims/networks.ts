/** Addresses of networks in CIDR form. */

/** "10.7.0.0/16" -> "10.7.0.1", "fd00:7::/32" -> "fd00:7::1"; an address without a length is itself. */
export function addressIn(network: string): string {
  const [address = '', length] = network.split('/');
  const single = address.includes(':') ? '128' : '32';
  if (length === undefined || length === single) return address;
  if (address.includes(':')) return address.endsWith('::') ? `${address}1` : address;
  const parts = address.split('.').map(Number);
  const last = parts.at(-1) ?? 0;
  return [...parts.slice(0, -1), Number(length) >= 31 ? last : last % 2 === 0 ? last + 1 : last].join('.');
}
