// From the start of QEMU to the first words of an SSH server, the same machine for every image.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { acceleration, LAYER, qemuArgv } from '../../dist/engine/machine/qemu.js';
import { programIn } from './trees.mjs';

const LIMIT_SECONDS = 240;

/** Seconds until the machine's SSH server speaks. `folder` holds `image` (its name); nothing of the image is written. */
export async function secondsToSsh(tree, folder, { image, format }) {
  const port = await freePort();
  const scratch = path.join(folder, 'machine');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  copyFileSync(path.join(tree, 'usr/share/OVMF/OVMF_VARS_4M.fd'), path.join(folder, 'vars.fd'));
  rmSync(path.join(folder, LAYER), { force: true });
  const layer = ['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', image, '-F', format, LAYER];
  const [create, ...createArgs] = programIn(tree, folder, { program: layer });
  execFileSync(create, createArgs);
  const machine = {
    image: { logicalSectorSize: 512 },
    memoryMiB: 1024,
    cpus: 2,
    credentials: {},
    network: { sshPort: port },
    otherDisks: [],
    firmware: { kind: 'open' },
    tpm: false,
    logWrites: false,
    serialFiles: [],
  };
  const program = [...qemuArgv(machine, await acceleration()), '-serial', 'file:/mnt/work/console'];
  const [file, ...args] = programIn(tree, folder, { program, network: true });
  const start = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const closed = once(child, 'close');
  try {
    while (!(await speaks(port))) {
      const late = performance.now() - start > LIMIT_SECONDS * 1000;
      if (late || child.exitCode !== null) throw new Error(`no SSH server: ${lastWords(folder)}`);
      await delay(100);
    }
    return (performance.now() - start) / 1000;
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

/** QEMU takes the connection long before the guest does, so only the server's own words count. */
async function speaks(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    const end = answer => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('data', data => end(data.toString('latin1').startsWith('SSH-')));
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

function lastWords(folder) {
  return readFileSync(path.join(folder, 'console'), 'utf8').slice(-2000);
}
