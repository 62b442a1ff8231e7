import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatNetwork, networkOf, parseNetwork } from '../../pipeline/formats/network.ts';

describe('parseNetwork', () => {
  test.each([
    ['192.0.2.7', { family: 4, address: 0xc0000207n, prefix: 32 }],
    ['10.0.0.0/8', { family: 4, address: 0x0a000000n, prefix: 8 }],
    ['::/0', { family: 6, address: 0n, prefix: 0 }],
    ['::1', { family: 6, address: 1n, prefix: 128 }],
    ['2001:db8::5:0/112', { family: 6, address: 0x20010db8000000000000000000050000n, prefix: 112 }],
    ['::ffff:192.0.2.7', { family: 6, address: 0xffffc0000207n, prefix: 128 }],
  ])('%s', (text, expected) => expect(parseNetwork(text)).toEqual(expected));

  test.each([
    '',
    'host',
    '10.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    'fe80::1%lan',
    '::/129',
    '/8',
  ])('refuses "%s"', text => expect(parseNetwork(text)).toBeNull());
});

describe('formatNetwork', () => {
  test.each([
    ['198.51.100.0/24', '198.51.100.0/24'],
    ['2001:0db8:0:0:0:0:0:1', '2001:db8::1/128'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3/128'],
    ['0:0:0:0:0:0:0:0/0', '::/0'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7/128'],
  ])('%s -> %s', (text, expected) => expect(show(text)).toBe(expected));

  test('is read as the same network', () => {
    const bits = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
    // Sparse ones have the zeros that are left out.
    const sparse = fc.tuple(bits, bits, bits).map(([a, b, c]) => a & b & c);
    fc.assert(
      fc.property(fc.oneof(bits, sparse), fc.integer({ min: 0, max: 128 }), (address, prefix) => {
        const network = networkOf({ family: 6, address, prefix });
        const text = formatNetwork(network);
        expect(isIPv6(text.split('/')[0] ?? '')).toBe(true);
        expect(parseNetwork(text)).toEqual(network);
      }),
    );
  });
});

test('networkOf clears what is behind the prefix', () => {
  expect(show('203.0.113.255/25')).toBe('203.0.113.128/25');
  expect(show('255.255.255.255/0')).toBe('0.0.0.0/0');
});

function show(text: string): string | null {
  const network = parseNetwork(text);
  return network === null ? null : formatNetwork(networkOf(network));
}
