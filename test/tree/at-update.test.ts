import { expect, it } from 'vitest';
import type { Overlays } from '../../pipeline/config/types.ts';
import { updatePolicies } from '../../pipeline/tree/at-update.ts';
import { overlaysOf } from '../stages/documents.ts';

const policies = (atUpdate: Overlays['atUpdate']): string =>
  updatePolicies({ ...overlaysOf('keg', '/.st', ['/etc', '/home']), atUpdate });

it('are none without overlays, and where all is kept', () => {
  expect(updatePolicies(null)).toBe('');
  expect(policies([])).toBe('');
  expect(policies([{ path: '/etc/reef', policy: 'keep' }])).toBe('');
});

it('leave out who the machine is', () => {
  expect(policies([{ path: '/etc', policy: 'take-new' }])).toBe(
    '/etc|take-new /etc/machine-id|keep /etc/hostname|keep',
  );
});

it('unless it is named', () => {
  const named = { path: '/etc/hostname', policy: 'take-new' } as const;
  expect(policies([named])).toBe('/etc/hostname|take-new /etc/machine-id|keep');
});
