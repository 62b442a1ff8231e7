import { describe, expect, test } from 'vitest';
import { updateFiles } from '../../../pipeline/tree/guest/updates.ts';
import { slotContents, slotsOf } from '../../../pipeline/config/slots.ts';
import { layoutOf, twoSlots } from '../../stages/documents.ts';

const files = (selector: string | null): Record<string, string> =>
  updateFiles({ compatible: 'galleon-x', keyring: 'PEM of the harbour', selector }, twoSlots().partitions);

describe('slotContents', () => {
  const { partitions } = twoSlots();

  test('what both slots hold, the root first, without the selector', () => {
    expect(slotContents(partitions, 'state')).toEqual(['sys', 'kern']);
  });

  test('all of it where there is no selector', () =>
    expect(slotContents(partitions, null)).toEqual(['sys', 'state', 'kern']));

  test('the root is what is mounted there, whatever its file system', () => {
    const mounted = partitions.map(each => (each.content === 'kern' ? { ...each, mount: '/' } : each));
    expect(slotContents(mounted, 'state')[0]).toBe('kern');
  });

  test('not what one slot has alone, and nothing where there is one slot', () => {
    expect(
      slotContents(
        partitions.filter(each => each.name !== 'KernB'),
        'state',
      ),
    ).toEqual(['sys']);
    const one = layoutOf([{ name: 'Sys', content: 'sys', slot: 'A' }]).partitions;
    expect([slotsOf(one), slotContents(one, null)]).toEqual([['A'], []]);
  });
});

describe('updateFiles', () => {
  test('RAUC’s configuration', async () =>
    await expect(files('state')['/usr/lib/rauc/system.conf']).toMatchFileSnapshot('golden/system.conf'));

  test('the certificates as they are', () =>
    expect(files('state')['/usr/lib/caisson/update-keyring.pem']).toBe('PEM of the harbour'));

  test('nobody but root asks RAUC', () => {
    const policy = files(null)['/usr/share/dbus-1/system.d/de.pengutronix.rauc.conf'] ?? '';
    expect([...policy.matchAll(/<policy (.*)>/g)].map(match => match[1])).toEqual(['user="root"']);
  });

  test('the service reads this configuration and no other', () =>
    expect(files(null)['/usr/lib/systemd/system/rauc.service.d/caisson.conf']).toContain(
      'ExecStart=\nExecStart=/usr/bin/rauc --conf=/usr/lib/rauc/system.conf ',
    ));
});
