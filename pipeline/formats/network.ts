/** Networks in CIDR form (RFC 4632, RFC 4291 section 2.3): text <-> family, address and prefix. */
import { isIPv4, isIPv6 } from 'node:net';

export interface Network {
  family: 4 | 6;
  /** All bits of the address, those behind the prefix too. */
  address: bigint;
  /** Bits that count, from the left. */
  prefix: number;
}

/** `10.1.0.0/16`, `2001:db8::/32`, or an address alone; null for anything else, zones (`%eth0`) and names included. */
export function parseNetwork(text: string): Network | null {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : null;
  if (family === null || rest.length > 0) return null;
  const most = family === 4 ? 32 : 128;
  if (prefix !== undefined && !/^(0|[1-9][0-9]{0,2})$/.test(prefix)) return null;
  const bits = prefix === undefined ? most : Number(prefix);
  if (bits > most) return null;
  return { family, address: family === 4 ? bitsOf4(address) : bitsOf6(address), prefix: bits };
}

/** The same network with zeros behind its prefix. */
export function networkOf({ family, address, prefix }: Network): Network {
  const behind = BigInt((family === 4 ? 32 : 128) - prefix);
  return { family, address: (address >> behind) << behind, prefix };
}

/** One text for each network; IPv6 as RFC 5952 writes it. */
export function formatNetwork({ family, address, prefix }: Network): string {
  const [count, width, radix, separator] = family === 4 ? [4, 8n, 10, '.'] : [8, 16n, 16, ':'];
  const mask = (1n << width) - 1n;
  const groups = Array.from({ length: count }, (_, index) =>
    ((address >> (width * BigInt(count - 1 - index))) & mask).toString(radix),
  );
  const text = groups.join(separator);
  return `${family === 4 ? text : withoutZeros(text)}/${prefix}`;
}

/** The longest run of zero groups, the first of equals, becomes "::". */
function withoutZeros(text: string): string {
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)];
  const longest = runs.toSorted((a, b) => b[0].length - a[0].length)[0];
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, '');
  return `${before}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

function bitsOf4(text: string): bigint {
  return text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function bitsOf6(text: string): bigint {
  const dotted = /[^:]*\.[^:]*$/.exec(text)?.[0];
  const whole =
    dotted === undefined
      ? text
      : `${text.slice(0, -dotted.length)}${(bitsOf4(dotted) >> 16n).toString(16)}:${(bitsOf4(dotted) & 0xffffn).toString(16)}`;
  const [before = '', after] = whole.split('::');
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const left = groupsOf(before);
  const right = groupsOf(after ?? '');
  const gap = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...gap, ...right].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
