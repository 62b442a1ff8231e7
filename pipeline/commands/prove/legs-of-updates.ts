/** The copy that is updated: there and back, with two updates between that fall back by themselves. */
import { link, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { MadeBundles } from './bundles/bundles.ts';
import { comesBack, install, installServed, prepareInstall } from './install-updates.ts';
import { mustRun, reached, requestOf, type LegOptions } from './legs.ts';
import type { Leg } from './track.ts';

/** In the scratch folder of the machine: what its web server gives. */
const SERVED = 'served';
const HEALTH_SCRIPT = '/etc/caisson/health.d/50-prove';

/** `bundles`: makes them, when they are needed. */
export function legsOfUpdates(options: LegOptions, bundles: () => Promise<MadeBundles>): Leg[] {
  const request = requestOf(options, { image: options.one, name: 'updated' });
  return [
    {
      scenario: 'updating',
      summary: 'first boot of a copy that is to be updated',
      reach: async () => {
        const { disk, folder } = await bundles();
        const machine = await options.start({ ...request, otherDisks: [disk] });
        await mkdir(path.join(request.scratch, SERVED), { recursive: true });
        await link(path.join(folder, 'good.raucb'), path.join(request.scratch, SERVED, 'good.raucb'));
        await prepareInstall(machine);
        return machine;
      },
    },
    {
      scenario: 'updated',
      summary: 'the same after an update',
      reach: async machine => {
        const same = reached(machine);
        await install(same, 'good');
        await same.reboot();
        return same;
      },
    },
    {
      scenario: 'damaged-update',
      summary: 'the same after an update that never comes up',
      reach: async machine => {
        const same = reached(machine);
        await install(same, 'damaged');
        return comesBack(same, 'B');
      },
    },
    {
      scenario: 'unhealthy-update',
      summary: 'the same after an update whose health check fails',
      reach: async machine => {
        const same = reached(machine);
        await mustRun(
          same,
          `mkdir -p ${path.dirname(HEALTH_SCRIPT)}
printf '#!/bin/sh\\necho "not on this slot" >&2\\ntest "$(cat /run/caisson/slot)" != A\\n' >${HEALTH_SCRIPT}
chmod 755 ${HEALTH_SCRIPT}`,
        );
        await install(same, 'good');
        await comesBack(same, 'B');
        await mustRun(same, `rm ${HEALTH_SCRIPT}`);
        return same;
      },
    },
    {
      scenario: 'returned',
      summary: 'the same after an update of the other slot, over the network where there is one',
      reach: async machine => {
        const same = reached(machine);
        const { outside } = same;
        await (outside === null ? install(same, 'good') : installServed(same, outside, SERVED));
        await same.reboot();
        return same;
      },
    },
  ];
}
