/** A TPM 2.0 in software, for one machine: swtpm(8) behind a socket in scratch; its state stays there between boots. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BuildFault } from '../fault.ts';
import { holdProcess, type HeldProcess } from '../run.ts';
import { ALONE, placedArgv, WORK, type Place } from './place.ts';
import { TPM_SOCKET } from './qemu.ts';

/** Resolves when QEMU can connect to it. It ends when QEMU does, or by `stop`. */
export async function startTpm(place: Place): Promise<HeldProcess> {
  const socket = path.join(place.scratch, TPM_SOCKET);
  await mkdir(path.join(place.scratch, STATE), { recursive: true });
  // Left by one that was killed.
  await rm(socket, { force: true });
  const said: string[] = [];
  const held = holdProcess(placedArgv(TPM_ARGV, place, ALONE), {
    env: { PATH: place.environment.path },
    title: TPM_ARGV,
    onLine: line => said.push(line),
  });
  const over = { yet: false };
  void held.ended.catch(() => undefined).finally(() => (over.yet = true));
  while (!existsSync(socket)) {
    if (over.yet) throw new BuildFault(`swtpm did not start: ${said.join(' ')}`);
    if (place.signal.aborted) held.stop();
    place.signal.throwIfAborted();
    await delay(20);
  }
  return held;
}

const STATE = 'tpm';

const TPM_ARGV = [
  'swtpm',
  'socket',
  '--tpm2',
  '--tpmstate',
  `dir=${WORK}/${STATE}`,
  '--ctrl',
  `type=unixio,path=${WORK}/${TPM_SOCKET}`,
  '--terminate',
] as const;
