import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { holdLock, withLock, type LockOptions } from '../../pipeline/engine/lock.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { gate } from './gate.ts';
import { compileInto, startNode } from './other-process.ts';

const folder = scratchDirectory();
let count = 0;
/** In a folder that is not there yet. */
const newFile = (): string => join(folder, `locks-${count++}`, 'hull');
const options = (own: Partial<LockOptions> = {}): LockOptions => ({
  environment: { path: '/usr/bin:/bin' },
  signal: new AbortController().signal,
  onWait: () => undefined,
  ...own,
});
const hold = (file: string, mode: 'wait' | 'try' | 'share', own: Partial<LockOptions> = {}) =>
  holdLock(file, { ...options(own), mode });

describe('withLock', () => {
  test('gives what the work gives, and leaves no file', async () => {
    const file = newFile();
    expect(await withLock(file, options(), async () => existsSync(file))).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  test('passes a failure on, and lets the next one in', async () => {
    const file = newFile();
    const fault = new Error('sprang a leak');
    await expect(withLock(file, options(), () => Promise.reject(fault))).rejects.toBe(fault);
    expect(existsSync(file)).toBe(false);
    expect(await withLock(file, options(), () => Promise.resolve(7))).toBe(7);
  });

  test('the second begins when the first has ended, and is told that it waits', async () => {
    const file = newFile();
    const told: string[] = [];
    const [inside, waits] = [gate(), gate()];
    const first = withLock(file, options({ onWait: () => told.push('first waits') }), async () => {
      inside.open();
      await waits.opened;
      told.push('first ends');
    });
    await inside.opened;
    const onWait = (): void => {
      told.push('second waits');
      waits.open();
    };
    await withLock(file, options({ onWait }), async () => void told.push('second begins'));
    await first;
    expect(told).toEqual(['second waits', 'first ends', 'second begins']);
    expect(existsSync(file)).toBe(false);
  });

  test('locks of other names do not wait for each other', async () => {
    const [file, other] = [newFile(), newFile()];
    const onWait = (): never => {
      throw new Error('it waits');
    };
    expect(await withLock(file, options({ onWait }), () => withLock(other, options({ onWait }), async () => 7))).toBe(
      7,
    );
  });

  test('a file that a killed process left behind is nobody’s', async () => {
    const file = newFile();
    mkdirSync(join(file, '..'));
    writeFileSync(file, 'of somebody');
    const waits: number[] = [];
    await withLock(file, options({ onWait: () => waits.push(1) }), async () => undefined);
    expect(waits).toEqual([]);
  });

  test('many at once lose no update', async () => {
    const file = newFile();
    const counter = join(folder, 'counter');
    writeFileSync(counter, '0');
    let inside = 0;
    await Promise.all(
      Array.from({ length: 36 }, () =>
        withLock(file, options(), async () => {
          inside += 1;
          expect(inside).toBe(1);
          const before = Number(readFileSync(counter, 'utf8'));
          await setTimeout(1);
          writeFileSync(counter, String(before + 1));
          inside -= 1;
        }),
      ),
    );
    expect(readFileSync(counter, 'utf8')).toBe('36');
    expect(existsSync(file)).toBe(false);
  });

  test('who waited for a file that is gone does not take that for the lock', async () => {
    const file = newFile();
    const waits = gate();
    mkdirSync(join(file, '..'));
    const first = await hold(file, 'wait');
    let inside = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      expect(inside).toBe(1);
      await setTimeout(100);
      inside -= 1;
    };
    const second = withLock(file, options({ onWait: waits.open }), work);
    await waits.opened;
    await first?.end();
    // The second now has a lock on what the first removed; this one makes the file anew.
    await Promise.all([second, withLock(file, options(), work)]);
  });
});

describe('stopped', () => {
  test('while it waits, it rejects with the reason and harms no other', async () => {
    const file = newFile();
    const abort = new AbortController();
    const reason = new Error('enough');
    await withLock(file, options(), async () => {
      const second = withLock(
        file,
        options({ signal: abort.signal, onWait: () => abort.abort(reason) }),
        async () => 'it had the lock',
      );
      await expect(second).rejects.toBe(reason);
      expect(existsSync(file)).toBe(true);
      expect(await hold(file, 'try')).toBeNull();
    });
    expect(await withLock(file, options(), async () => 'free')).toBe('free');
  });

  test('before it begins nothing is made', async () => {
    const file = newFile();
    const signal = AbortSignal.abort(new Error('not now'));
    await expect(withLock(file, options({ signal }), async () => 7)).rejects.toThrow('not now');
    expect(existsSync(file)).toBe(false);
  });

  test('while it is held, the work ends by itself and keeps the lock until then', async () => {
    const file = newFile();
    const abort = new AbortController();
    await withLock(file, options({ signal: abort.signal }), async () => {
      abort.abort(new Error('enough'));
      expect(await hold(file, 'try')).toBeNull();
    });
    expect(existsSync(file)).toBe(false);
  });
});

describe('a process that was killed', () => {
  const code = join(folder, 'code');
  const script = (file: string): string => `
    import { withLock } from './engine/lock.js';
    const signal = new AbortController().signal;
    await withLock(${JSON.stringify(file)}, { environment: { path: '/usr/bin:/bin' }, signal, onWait: () => {} }, () => {
      console.log('held');
      return new Promise(() => setInterval(() => {}, 1000));
    });`;

  test('has its lock until then, and no longer', async () => {
    compileInto(code, 'engine/lock.ts');
    const file = newFile();
    const other = startNode(code, script(file));
    expect(await other.line()).toBe('held');
    expect(await hold(file, 'try')).toBeNull();
    const waits = gate();
    const next = withLock(file, options({ onWait: waits.open }), async () => 'mine');
    await waits.opened;
    other.child.kill('SIGKILL');
    await other.ended;
    expect(await next).toBe('mine');
    expect(existsSync(file)).toBe(false);
  });
});

describe('holdLock', () => {
  const open = async (): Promise<string> => {
    const file = join(folder, `lock-${count++}`);
    await (await hold(file, 'try'))?.end();
    return file;
  };

  test('try: null when another has it, whichever way', async () => {
    const file = await open();
    for (const mode of ['share', 'try', 'wait'] as const) {
      const held = await hold(file, mode);
      expect(held).not.toBeNull();
      expect(await hold(file, 'try')).toBeNull();
      await held?.end();
    }
    expect(await hold(file, 'try').then(held => held?.end())).toBeUndefined();
  });

  test('share: any number at once; who wants it alone waits for the last', async () => {
    const file = await open();
    const told: string[] = [];
    const [one, two] = [await hold(file, 'share'), await hold(file, 'share')];
    const waits = gate();
    const alone = withLock(file, options({ onWait: waits.open }), async () => void told.push('alone'));
    await waits.opened;
    await one?.end();
    expect(await hold(file, 'try')).toBeNull();
    told.push('the last one ends');
    await two?.end();
    await alone;
    expect(told).toEqual(['the last one ends', 'alone']);
  });

  test('share waits for who has it alone', async () => {
    const file = await open();
    const alone = await hold(file, 'try');
    const waits = gate();
    const shared = hold(file, 'share', { onWait: waits.open });
    await waits.opened;
    await alone?.end();
    await (await shared)?.end();
  });

  test('share and try leave the file', async () => {
    const file = await open();
    await (await hold(file, 'share'))?.end();
    expect(existsSync(file)).toBe(true);
    rmSync(file);
  });

  test('a file that cannot be made, or no flock: the program is named', async () => {
    await expect(hold(join(folder, 'no/such/folder/lock'), 'wait')).rejects.toMatchObject({
      name: 'ProcessFailure',
      message: expect.stringMatching(/^flock ended with exit code/) as string,
    });
    await expect(hold(join(folder, 'lock'), 'wait', { environment: { path: folder } })).rejects.toMatchObject({
      name: 'ProcessFailure',
      message: 'flock could not be started (ENOENT)',
    });
  });
});
