import { describe, expect, it } from 'vitest';
import { hostnameFault } from '../../pipeline/formats/hostname.ts';

const LONG_LABEL = 'k'.repeat(63);

describe('a host name', () => {
  it.each(['buoy', 'Buoy-7', '7seas', 'a.b', 'site-7.example.com', LONG_LABEL, '3com', '1.2.3.x'])('%s', name =>
    expect(hostnameFault(name)).toBeNull(),
  );

  it.each<[string, RegExp]>([
    ['', /empty/],
    [`${LONG_LABEL}k`, /64 characters, 63 are allowed/],
    [`a.${LONG_LABEL}`, /65 characters/],
    ['-buoy', /hyphen first or last/],
    ['buoy-', /hyphen first or last/],
    ['a..b', /1 to 63/],
    ['buoy.', /1 to 63/],
    ['buoy_7', /letters, digits and hyphens/],
    ['büoy', /letters, digits and hyphens/],
    ['buoy\nroot', /letters, digits and hyphens/],
    ['buoy\n', /letters, digits and hyphens/],
    ['10.0.0.7', /taken for an address/],
    ['7', /taken for an address/],
  ])('is not %j', (name, why) => expect(hostnameFault(name)).toMatch(why));
});
