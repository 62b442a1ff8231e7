import { existsSync, readFileSync, writeFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  captureProcess,
  holdProcess,
  ProcessFailure,
  runProcess,
  type HeldProcess,
  type ProcessOptions,
} from '../../pipeline/engine/run.ts';
import { openFiles, scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);
const PATH = '/usr/bin:/bin';
const sh = (script: string, options: Partial<ProcessOptions> = {}): Promise<string> =>
  runProcess(['sh', '-c', script], { env: { PATH }, signal: new AbortController().signal, ...options });
const failureOf = async (running: Promise<string>): Promise<ProcessFailure> => {
  const error: unknown = await running.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProcessFailure)) throw new Error(`expected a ProcessFailure, got ${String(error)}`);
  return error;
};

describe('a program that ends well', () => {
  test('gives its stdout, without stderr', async () =>
    expect(await sh('echo one; echo other >&2; echo two')).toBe('one\ntwo'));

  test('sees exactly the environment it is given', async () => {
    expect(
      (await runProcess(['env'], { env: { PATH, KELP: 'a b=c' }, signal: new AbortController().signal }))
        .split('\n')
        .toSorted(),
    ).toEqual(['KELP=a b=c', `PATH=${PATH}`]);
  });

  test('gets its arguments as they are', async () => {
    const args = ['a b', '', '$HOME', '*', "it's", 'é\n'];
    expect(
      await runProcess(['printf', String.raw`%s\0`, ...args], { env: { PATH }, signal: new AbortController().signal }),
    ).toBe(args.map(each => `${each}\0`).join(''));
  });

  test('has stdin closed', async () => expect(await sh('cat; echo end')).toBe('end'));

  test('reads a file on stdin', async () => {
    writeFileSync(at('in'), 'from a file');
    expect(await sh('cat', { stdin: at('in') })).toBe('from a file');
  });

  test('writes to a file instead, whatever it held', async () => {
    writeFileSync(at('out'), 'x'.repeat(100_000));
    expect(await sh('printf "a\\nb\\n"; echo other >&2', { stdoutFile: at('out') })).toBe('');
    expect(readFileSync(at('out'), 'utf8')).toBe('a\nb\n');
  });

  test('writes to a file more than a pipe holds', async () => {
    expect(await sh('head -c 300000 /dev/zero', { stdoutFile: at('out') })).toBe('');
    expect(statSync(at('out')).size).toBe(300_000);
  });

  test('runs where it is told', async () => expect(await sh('pwd -P; echo', { cwd: '/' })).toBe('/\n'));

  test('is followed line by line, both outputs, also those ended by a carriage return', async () => {
    const lines: string[] = [];
    await sh(String.raw`printf 'one\r\ntwo\rthr'; printf 'ee\n'; echo four >&2; printf 'ü\n'`, {
      onLine: line => lines.push(line),
    });
    expect(lines.filter(line => line !== '').toSorted()).toEqual(['four', 'one', 'three', 'two', 'ü']);
  });

  test('is followed to its last line, though that has no end', async () => {
    const lines: string[] = [];
    await sh('printf "one\\ntwo"', { onLine: line => lines.push(line) });
    expect(lines).toEqual(['one', 'two']);
  });

  test('leaves both outputs at the end of its log', async () => {
    writeFileSync(at('log'), 'before\n');
    await sh('echo one; echo two >&2', { log: at('log') });
    const [before, ...rest] = readFileSync(at('log'), 'utf8').split('\n');
    expect([before, ...rest.toSorted()]).toEqual(['before', '', 'one', 'two']);
  });

  test('does not fail because its log has no room', async () =>
    expect(await sh('seq 1 99999 >&2; echo one', { log: '/dev/full' })).toBe('one'));

  test('leaves no file open', async () => {
    writeFileSync(at('read'), 'x');
    await sh('cat', { log: at('log'), stdin: at('read'), stdoutFile: at('out') });
    expect(openFiles(folder)).toEqual([]);
  });
});

describe('a program that ends badly', () => {
  test('tells its exit code, its output and where its log is', async () => {
    const failure = await failureOf(sh('echo one; echo two; exit 7', { log: at('bad.log') }));
    expect(failure).toMatchObject({
      message: 'sh ended with exit code 7',
      exitCode: 7,
      killedBy: null,
      output: ['one', 'two'],
      log: at('bad.log'),
      command: failure.argv,
    });
    expect(failure.argv).toEqual(['sh', '-c', expect.stringContaining('exit 7')]);
    expect(readFileSync(at('bad.log'), 'utf8')).toBe('one\ntwo\n');
  });

  test('by a signal', async () => {
    expect(await failureOf(sh('kill -KILL $$'))).toMatchObject({
      message: 'sh was ended by SIGKILL',
      exitCode: null,
      killedBy: 'SIGKILL',
      output: [],
      log: null,
    });
  });

  test('by not being there', async () => {
    const failure = await failureOf(
      runProcess(['no-such-program', 'x'], { env: { PATH }, signal: new AbortController().signal }),
    );
    expect(failure).toMatchObject({
      message: 'no-such-program could not be started (ENOENT)',
      exitCode: null,
      killedBy: null,
      output: [expect.stringContaining('ENOENT')],
    });
  });

  test('shows the last twenty lines that say something', async () => {
    const { output } = await failureOf(
      sh('i=0; while [ $i -lt 30 ]; do echo "line $i"; echo "  "; i=$((i+1)); done; exit 1'),
    );
    expect(output).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index + 10}`));
  });

  test('shows stderr when stdout went to a file', async () => {
    const failure = await failureOf(sh('echo data; echo why >&2; exit 2', { stdoutFile: at('half') }));
    expect(failure.output).toContain('why');
    expect(readFileSync(at('half'), 'utf8')).toBe('data\n');
  });

  test('is called what a person would call it', async () => {
    const failure = await failureOf(sh('exit 1', { title: ['mkfs.kelp', '-q'] }));
    expect(failure).toMatchObject({ message: 'mkfs.kelp ended with exit code 1', command: ['mkfs.kelp', '-q'] });
    expect(failure.argv[0]).toBe('sh');
  });
});

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet is dead enough.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const gone = async (pid: number): Promise<void> => {
  await expect.poll(() => alive(pid), { timeout: 5000, interval: 5 }).toBe(false);
};

describe('stopped', () => {
  test('before the start nothing runs', async () => {
    const abort = new AbortController();
    const reason = new Error('not now');
    abort.abort(reason);
    await expect(sh(`touch ${at('ran')}`, { signal: abort.signal })).rejects.toBe(reason);
    expect(existsSync(at('ran'))).toBe(false);
  });

  test.each([
    ['the program itself', 'echo $$; exec sleep 600'],
    ['what it started', 'sleep 600 & echo $!; wait'],
  ])('in the middle, %s ends', async (_, script) => {
    const abort = new AbortController();
    const reason = new Error('enough');
    let pid = 0;
    const running = sh(script, {
      signal: abort.signal,
      onLine: line => {
        pid = Number(line);
        abort.abort(reason);
      },
    });
    await expect(running).rejects.toBe(reason);
    expect(pid).toBeGreaterThan(1);
    await gone(pid);
  });
});

describe('a program whose end is told, not judged', () => {
  const capture = (script: string, own: { input?: string; signal?: AbortSignal } = {}) =>
    captureProcess(['sh', '-c', script], {
      env: { PATH },
      signal: new AbortController().signal,
      input: '',
      title: ['anchor'],
      ...own,
    });

  test('gives its exit code and both outputs, to the byte', async () =>
    expect(await capture('printf "one\\n\\n"; printf two >&2; exit 9')).toEqual({
      exitCode: 9,
      stdout: 'one\n\n',
      stderr: 'two',
    }));

  test('reads what it is given, and no more', async () =>
    expect(await capture('cat; echo end', { input: 'kelp\nbuoy' })).toMatchObject({ stdout: 'kelp\nbuoyend\n' }));

  test('killed, it has no exit code to tell', async () =>
    await expect(capture('kill -KILL $$')).rejects.toMatchObject({
      name: 'ProcessFailure',
      message: 'anchor was ended by SIGKILL',
    }));

  test('stopped, nobody waits for those who hold its outputs', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const pids = at('left');
    // As ssh, which hands its outputs to another process: that one is not of its group.
    const running = capture(`setsid sh -c 'echo $$ >${pids}; exec sleep 600' & wait`, { signal: abort.signal });
    await expect.poll(() => existsSync(pids) && readFileSync(pids, 'utf8').trim(), { interval: 5 }).toMatch(/^[0-9]+$/);
    abort.abort(reason);
    await expect(running).rejects.toBe(reason);
    const left = Number(readFileSync(pids, 'utf8'));
    expect(alive(left)).toBe(true);
    process.kill(left, 'SIGKILL');
  });
});

describe('a program that is held', () => {
  const hold = async (script: string): Promise<{ held: HeldProcess; pid: number; lines: string[] }> => {
    const lines: string[] = [];
    return new Promise(resolve => {
      const held = holdProcess(['sh', '-c', script, 'sh'], {
        env: { PATH },
        title: ['anchor'],
        onLine: line => {
          lines.push(line);
          if (lines.length === 1) resolve({ held, pid: Number(line), lines });
        },
      });
    });
  };

  test('works in the folder that it is given', async () => {
    const lines: string[] = [];
    const held = holdProcess(['pwd'], { env: { PATH }, cwd: '/usr/lib', onLine: line => lines.push(line) });
    await held.ended;
    expect(lines).toEqual(['/usr/lib']);
  });

  test('runs until its end is asked for, and is followed line by line', async () => {
    const { held, pid, lines } = await hold('echo $$; cat; echo over');
    expect(alive(pid)).toBe(true);
    await held.end();
    expect(alive(pid)).toBe(false);
    expect(lines).toEqual([String(pid), 'over']);
    await held.ended;
  });

  test('hears what is put on its stdin', async () => {
    const { held, lines } = await hold('echo $$; sed s/^/heard:/');
    held.write('kelp\nbu');
    held.write('oy\n');
    await held.end();
    expect(lines.slice(1)).toEqual(['heard:kelp', 'heard:buoy']);
  });

  test('sees exactly the environment it is given', async () => {
    const { held, lines } = await hold('echo $$; env; cat');
    await held.end();
    expect(lines.filter(line => !/^(PWD|_|\d+)(=|$)/.test(line))).toEqual([`PATH=${PATH}`]);
  });

  test('is not of our process group: Ctrl-C does not reach it', async () => {
    const { held, pid } = await hold('echo $$; cat');
    const group = (each: number): string | undefined => readFileSync(`/proc/${each}/stat`, 'utf8').split(' ')[4];
    expect(group(pid)).toBe(String(pid));
    await held.end();
  });

  test('stopped, it ends with all that it started', async () => {
    const { held, lines } = await hold('sleep 600 & echo $!; wait');
    held.stop();
    await held.ended;
    await gone(Number(lines[0]));
  });

  test('killed, it cannot do what it does when it is asked to end', async () => {
    const { held, lines } = await hold("trap 'echo farewell; exit' TERM; echo $$; while :; do sleep 0.05; done");
    held.kill();
    await held.ended;
    expect(lines).toHaveLength(1);
  });

  test.each([
    ['by itself', 'echo $$; echo why; exit 4', 'anchor ended with exit code 4'],
    ['by another', 'echo $$; echo why; kill -KILL $$', 'anchor was ended by SIGKILL'],
  ])('that ended %s tells so, also to who asks for its end', async (_, script, message) => {
    const { held } = await hold(script);
    await expect(held.ended).rejects.toMatchObject({
      name: 'ProcessFailure',
      message,
      output: expect.arrayContaining(['why']) as string[],
    });
    await expect(held.end()).rejects.toThrow(message);
  });
});
