/** Some trials of a campaign on real machines: a provisioned copy with the bit turned, started and looked at. */
import { withImage } from '../../../disk/read.ts';
import { BuildFault } from '../../../engine/fault.ts';
import { timed } from '../../../engine/timed.ts';
import type { GuestMachine, MachineRequest } from '../../../engine/machine/guest-machine.ts';
import type { TamperBoot, TamperedBit } from '../../../formats/tampering.ts';
import { bootTrials, pickBoots, type BootOptions } from '../../../tamper/boot.ts';
import type { CommandContext } from '../../context.ts';
import { diskFile } from '../../image/disk-file.ts';
import { diskParts } from '../disk-parts.ts';
import { provingFirmware } from '../firmware.ts';
import { requestOf } from '../legs.ts';
import { openWorkshop, type Workshop, type WorkshopOptions } from '../workshop.ts';

export interface TamperBootOptions extends WorkshopOptions {
  /** How many. */
  count: number;
  seed: number;
  /** What names the firmware's keys; null: the image says which it needs. */
  secureBoot: string | null;
}

/** A machine that will not start tells nobody. */
const READY_SECONDS = 300;

export async function bootTampered(
  context: CommandContext,
  trials: readonly TamperedBit[],
  { count, seed, secureBoot, slots, ...options }: TamperBootOptions & Pick<BootOptions, 'slots'>,
): Promise<TamperBoot[]> {
  const { environment, signal, emit } = context;
  const { declaration, scratch } = options;
  const workshop = await openWorkshop(context, options);
  const copy = await workshop.copy('tampered', new Map());
  const summary = `${count} of these trials on machines`;
  return timed({ id: 'tamper boots', summary }, { emit, signal }, async () =>
    withImage(copy, async image => {
      const disk = await diskParts(image, { file: copy, tools: workshop.tools, environment, scratch, signal });
      const firmware = await provingFirmware(secureBoot, { declaration, disk, scratch });
      const from = { ...workshop, declaration, key: workshop.made.keys.user, scratch, firmware };
      const named = { image: await diskFile(copy), name: 'tampered' };
      const request = { ...requestOf(from, named), login: declaration.ssh !== null };
      let done = 0;
      const start = async (wanted: MachineRequest): Promise<GuestMachine | null> => {
        done += 1;
        emit({ type: 'progress', id: 'tamper boots', fraction: (done - 1) / count, detail: `machine ${done}` });
        return startWithin(workshop, wanted);
      };
      const picked = pickBoots(trials, { count, seed });
      const boots = await bootTrials(picked, { read: disk.read, slots, request, start, signal });
      return { value: boots, detail: `${boots.filter(each => each.fits).length} of ${boots.length} as judged` };
    }),
  );
}

/** Null for a machine that does not come up. */
async function startWithin({ launch }: Workshop, request: MachineRequest): Promise<GuestMachine | null> {
  const machine = await launch(request);
  try {
    await machine.waitForLine(/\bcaisson: ready: /, { from: 0, limitSeconds: READY_SECONDS });
    await machine.connect(0);
    return machine;
  } catch (error) {
    await machine.kill();
    if (error instanceof BuildFault) return null;
    throw error;
  }
}
