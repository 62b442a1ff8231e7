import { describe, expect, test } from 'vitest';
import { openConsole } from '../../../pipeline/engine/machine/console.ts';

const LONG = 600;

describe('a console', () => {
  test('keeps its lines clean and hands each on', () => {
    const heard: string[] = [];
    const console = openConsole(line => heard.push(line));
    console.add('\u001B[1mkelp\u001B[0m');
    console.add('buoy\u0007');
    expect(console.lines).toEqual(['kelp', 'buoy']);
    expect(heard).toEqual(['kelp', 'buoy']);
  });

  test('waits for a line that is to come', async () => {
    const console = openConsole(() => undefined);
    const waiting = console.wait(/ready (\w+)/, { from: 0, limitSeconds: LONG });
    console.add('not yet');
    console.add('ready kelp');
    console.add('ready buoy');
    expect(await waiting).toBe('ready kelp');
  });

  test('finds one that came already, but none before `from`', async () => {
    const console = openConsole(() => undefined);
    for (const line of ['ready kelp', 'off', 'ready buoy']) console.add(line);
    expect(await console.wait(/ready/, { from: 0, limitSeconds: LONG })).toBe('ready kelp');
    expect(await console.wait(/ready/, { from: 1, limitSeconds: LONG })).toBe('ready buoy');
  });

  test('says what it waited for, and the last lines, when time is over', async () => {
    const console = openConsole(() => undefined);
    for (const line of ['kelp', '', 'buoy']) console.add(line);
    await expect(console.wait(/ready/, { from: 0, limitSeconds: 0 })).rejects.toMatchObject({
      name: 'BuildFault',
      message: 'the console did not say ready within 0 s',
      hint: 'its last lines:\nkelp\nbuoy',
    });
  });

  test('gives up when no more lines will come, for those who wait and for those to come', async () => {
    const console = openConsole(() => undefined);
    const why = new Error('unplugged');
    console.add('ready kelp');
    const waiting = console.wait(/never/, { from: 0, limitSeconds: LONG });
    console.close(why);
    await expect(waiting).rejects.toBe(why);
    await expect(console.wait(/never/, { from: 0, limitSeconds: LONG })).rejects.toBe(why);
    expect(await console.wait(/ready/, { from: 0, limitSeconds: LONG })).toBe('ready kelp');
  });
});
