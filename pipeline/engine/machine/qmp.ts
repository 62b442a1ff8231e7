/** QEMU's control socket: one JSON value a line. https://www.qemu.org/docs/master/interop/qmp-spec.html */
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BuildFault } from '../fault.ts';

export interface Qmp {
  /** Rejects when QEMU refuses the command or is gone. */
  execute(command: string): Promise<void>;
  close(): void;
}

interface Message {
  return?: unknown;
  error?: { desc: string };
  event?: string;
}

/** `alive` says whether QEMU still runs: it makes the socket `name` in `folder` a little after its start. */
export async function connectQmp(
  folder: string,
  name: string,
  { onEvent, alive }: { onEvent: (event: string) => void; alive: () => boolean },
): Promise<Qmp> {
  const socket = await connectIn(folder, name, alive);
  const waiting: { resolve: () => void; reject: (why: Error) => void }[] = [];
  followJson(socket, message => {
    if (message.event !== undefined) onEvent(message.event);
    if (message.error !== undefined) waiting.shift()?.reject(new BuildFault(`QEMU: ${message.error.desc}`));
    if (message.return !== undefined) waiting.shift()?.resolve();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    for (const each of waiting.splice(0)) each.reject(new BuildFault('QEMU ended before it answered'));
  });
  const execute: Qmp['execute'] = async command =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new BuildFault('QEMU has ended'));
      waiting.push({ resolve, reject });
      socket.write(`${JSON.stringify({ execute: command })}\n`);
    });
  await execute('qmp_capabilities');
  return { execute, close: () => socket.destroy() };
}

/** Through the folder's descriptor: the path of a socket has room for 107 bytes alone (unix(7)). */
async function connectIn(folder: string, name: string, alive: () => boolean): Promise<Socket> {
  const handle = await open(folder, 'r');
  try {
    for (;;) {
      const socket = await attempt(`/proc/self/fd/${handle.fd}/${name}`);
      if (socket !== null) return socket;
      if (!alive()) throw new BuildFault('QEMU ended at its start');
      await delay(30);
    }
  } finally {
    await handle.close();
  }
}

async function attempt(path: string): Promise<Socket | null> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('error', () => resolve(null));
    socket.once('connect', () => resolve(socket));
  });
}

function followJson(socket: Socket, onMessage: (message: Message) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onMessage(JSON.parse(line) as Message);
  });
}
