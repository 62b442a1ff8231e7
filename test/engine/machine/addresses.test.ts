import { describe, expect, test } from 'vitest';
import {
  clientAddresses,
  dnsmasqConfiguration,
  eui64Address,
  leasedAddress,
  neighbour6,
  ownAddress6,
} from '../../../pipeline/engine/machine/addresses.ts';

const LEASES = `1795464000 52:54:00:aa:bb:02 192.168.127.140 * ff:ca:53:09:5a:00:02
1795464001 52:54:00:AA:BB:03 192.168.127.141 buoy-7 *
duid 00:01:00:01:2e:c1
1795464001 9182 fd00:ca15:50::77 buoy-7 00:01
`;

describe('leases of dnsmasq', () => {
  test('are found by MAC address, however that is written', () => {
    expect(leasedAddress(LEASES, '52:54:00:AA:BB:02')).toBe('192.168.127.140');
    expect(leasedAddress(LEASES, '52:54:00:aa:bb:03')).toBe('192.168.127.141');
  });

  test.each([
    ['another machine', LEASES, '52:54:00:aa:bb:04'],
    ['nothing leased yet', '', '52:54:00:aa:bb:02'],
    ['an IPv6 lease', LEASES, '9182'],
  ])('%s: none', (_, leases, mac) => expect(leasedAddress(leases, mac)).toBe(null));
});

test('the address of a guest follows RFC 4291, appendix A', () => {
  // Its example: 34-56-78-9A-BC-DE has the interface identifier 36-56-78-FF-FE-9A-BC-DE.
  expect(eui64Address('34:56:78:9a:bc:de')).toBe('fd00:ca15:50:0:3656:78ff:fe9a:bcde');
  expect(eui64Address('36:00:00:00:00:01')).toBe('fd00:ca15:50:0:3400:ff:fe00:1');
});

describe('the address that the guest shows', () => {
  const shown = `1: lo    inet6 ::1/128 scope host \\       valid_lft forever
2: eth0    inet6 fe80::5054:ff:feca:1550/64 scope link \\       valid_lft forever
2: eth0    inet6 2001:db8::9/64 scope global dynamic \\       valid_lft 43195sec
2: eth0    inet6 fd00:ca15:50::dead/64 scope global temporary dynamic \\       valid_lft 43195sec
2: eth0    inet6 fd00:ca15:50::beef/64 scope global dynamic mngtmpaddr noprefixroute \\       valid_lft 43195sec
`;
  test('is the lasting one of our prefix', () => expect(ownAddress6(shown)).toBe('fd00:ca15:50::beef'));
  test('is a temporary one where there is no other', () =>
    expect(ownAddress6(shown.replace(/^.*beef.*$/m, ''))).toBe('fd00:ca15:50::dead'));
  test('is none of another prefix or scope', () =>
    expect(ownAddress6(shown.replaceAll(/^.*ca15:50::.*$/gm, ''))).toBe(null));
});

describe('clients', () => {
  const all = Array.from({ length: 98 }, (_, index) => clientAddresses(index + 1));
  test('have addresses of their own, below those that are leased', () => {
    expect(new Set(all.map(each => each?.v4)).size).toBe(98);
    expect(all[0]).toEqual({ v4: '192.168.127.2', v6: 'fd00:ca15:51:1::1' });
    expect(all[97]).toEqual({ v4: '192.168.127.99', v6: 'fd00:ca15:51:62::1' });
    expect(clientAddresses(99)).toBe(null);
  });
  test('have a /64 of their own, with neighbours in it', () => {
    expect(new Set(all.map(each => each?.v6.split('::')[0])).size).toBe(98);
    expect(neighbour6('fd00:ca15:51:1f::1', 12)).toBe('fd00:ca15:51:1f::c');
  });
});

test('dnsmasq leases above the clients, advertises the prefix, and resolves no names', () => {
  const lines = dnsmasqConfiguration('/elsewhere/leases').split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'port=0',
      'dhcp-leasefile=/elsewhere/leases',
      'dhcp-range=192.168.127.100,192.168.127.199,12h',
      'enable-ra',
    ]),
  );
});
