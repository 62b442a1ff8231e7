import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { recordWrites } from '../../../../pipeline/commands/prove/powercut/record-writes.ts';
import type { GuestMachine } from '../../../../pipeline/engine/machine/guest-machine.ts';
import { ran, subject } from '../../../claims/subject.ts';
import { scratchDirectory } from '../../../disk/scratch.ts';
import { logOf } from '../../../formats/logged-writes.ts';

const folder = scratchDirectory();

/** A machine whose log grows by `flushes` entries with each `sync`, and by two with each script. */
async function machine(name: string, syncCode = 0): Promise<{ scratch: string; guest: GuestMachine }> {
  const scratch = path.join(folder, name);
  const log = path.join(scratch, 'writes.log');
  await mkdir(scratch);
  await writeFile(log, '');
  let entries = 0;
  const sh: GuestMachine['sh'] = async script => {
    entries += script === 'sync' ? 1 : 2;
    // As QEMU: entries are counted in the superblock when the guest flushes.
    if (script === 'sync') await writeFile(log, logOf(Array.from({ length: entries }, () => 'flush' as const)));
    return ran(script === 'sync' ? { exitCode: syncCode, stderr: 'adrift\n' } : { exitCode: 4, stdout: script });
  };
  return { scratch, guest: { ...subject({}).machine, sh } };
}

test('the entries of a script are those between two flushes', async () => {
  const { scratch, guest } = await machine('one');
  expect(await recordWrites(guest, { scratch, script: 'swim', limitSeconds: 5 })).toEqual({
    log: path.join(scratch, 'writes.log'),
    from: 1,
    to: 4,
    ran: { exitCode: 4, stdout: 'swim', stderr: '' },
  });
});

test('a guest that does not flush is told', async () => {
  const { scratch, guest } = await machine('two', 1);
  await expect(recordWrites(guest, { scratch, script: 'swim', limitSeconds: 5 })).rejects.toThrow(
    'the guest does not flush its disk: adrift',
  );
});
