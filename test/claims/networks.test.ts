import { expect, test } from 'vitest';
import { addressIn } from '../../pipeline/claims/networks.ts';

test.each([
  ['10.77.0.0/16', '10.77.0.1'],
  ['10.77.3.8', '10.77.3.8'],
  ['10.77.3.8/32', '10.77.3.8'],
  ['10.77.3.8/31', '10.77.3.8'],
  ['fd00:77::/32', 'fd00:77::1'],
  ['fd00:77::5/128', 'fd00:77::5'],
])('%s has %s', (network, address) => {
  expect(addressIn(network)).toBe(address);
});
