import { createServer, type Socket } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectQmp } from '../../../pipeline/engine/machine/qmp.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

// Longer than a socket's path may be.
const folder = join(scratchDirectory(), 'x'.repeat(150));
mkdirSync(folder);

/** Speaks as QEMU does; `answers` in their order. */
const serve = async (name: string, answers: object[]): Promise<{ asked: string[]; sockets: Socket[] }> => {
  const [asked, sockets]: [string[], Socket[]] = [[], []];
  const server = createServer(socket => {
    sockets.push(socket);
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    socket.on('data', data => {
      for (const line of data.toString().trim().split('\n')) {
        asked.push((JSON.parse(line) as { execute: string }).execute);
        const text = JSON.stringify(answers.shift() ?? { return: {} });
        // In two pieces, as a stream may come.
        socket.write(text.slice(0, 5));
        setImmediate(() => socket.write(`${text.slice(5)}\r\n`));
      }
    });
  });
  process.chdir(folder);
  await new Promise<void>(resolve => server.listen(name, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { asked, sockets };
};

test('negotiates, asks, hears events, and is told of a refusal', async () => {
  const events: string[] = [];
  const { asked, sockets } = await serve('a', [{ return: {} }, { error: { class: 'X', desc: 'no lamp' } }]);
  const qmp = await connectQmp(folder, 'a', { onEvent: event => events.push(event), alive: () => true });
  await expect(qmp.execute('light')).rejects.toMatchObject({ name: 'BuildFault', message: 'QEMU: no lamp' });
  sockets[0]?.write('{"event": "RESET", "data": {"guest": true}}\r\n');
  await qmp.execute('quit');
  expect(asked).toEqual(['qmp_capabilities', 'light', 'quit']);
  expect(events).toEqual(['RESET']);
  qmp.close();
});

test('a question that is not answered any more is refused', async () => {
  const { sockets } = await serve('b', []);
  const qmp = await connectQmp(folder, 'b', { onEvent: () => undefined, alive: () => true });
  for (const socket of sockets) socket.pause();
  const asked = qmp.execute('quit');
  for (const socket of sockets) socket.destroy();
  await expect(asked).rejects.toThrow('QEMU ended before it answered');
  await expect(qmp.execute('quit')).rejects.toThrow('QEMU has ended');
});

test('without QEMU there is nobody to wait for', async () => {
  const state = { looks: 0 };
  const alive = (): boolean => (state.looks += 1) < 3;
  await expect(connectQmp(folder, 'c', { onEvent: () => undefined, alive })).rejects.toThrow('QEMU ended at its start');
});
