/** What a script in a machine writes to its disk, as a part of the machine's log of writes. */
import path from 'node:path';
import { BuildFault } from '../../../engine/fault.ts';
import type { GuestMachine, Ran } from '../../../engine/machine/guest-machine.ts';
import { WRITE_LOG } from '../../../engine/machine/qemu.ts';
import { countEntries } from '../../../formats/write-log.ts';
import { withFile } from '../../read-file.ts';

export interface Recording {
  /** Host path. */
  log: string;
  /** Entries [from, to) were done while the script ran. */
  from: number;
  to: number;
  ran: Ran;
}

export interface RecordOptions {
  /** Scratch folder of the machine, which was started with `logWrites`. */
  scratch: string;
  /** POSIX sh, run as root; an exit code other than 0 is the caller's to judge. */
  script: string;
  limitSeconds: number;
}

/** Throws BuildFault when the guest cannot be made to flush. */
export async function recordWrites(
  machine: GuestMachine,
  { scratch, script, limitSeconds }: RecordOptions,
): Promise<Recording> {
  const log = path.join(scratch, WRITE_LOG);
  await flush(machine);
  const from = await withFile(log, countEntries);
  const ran = await machine.sh(script, { limitSeconds });
  await flush(machine);
  return { log, from, to: await withFile(log, countEntries), ran };
}

/** QEMU counts the entries anew when the guest flushes. */
async function flush(machine: GuestMachine): Promise<void> {
  const { exitCode, stderr } = await machine.sh('sync');
  if (exitCode !== 0) throw new BuildFault(`the guest does not flush its disk: ${stderr.trim()}`);
}
