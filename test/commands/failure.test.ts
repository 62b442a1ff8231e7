import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UsageFault } from '../../pipeline/commands/context.ts';
import { showFailure, type FailureOptions } from '../../pipeline/commands/failure.ts';
import { ConfigFault } from '../../pipeline/config/diagnostic.ts';
import { BuildFault, PackageFault, SigningFault } from '../../pipeline/engine/fault.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { manifestOf } from '../stages/documents.ts';

const folder = scratchDirectory();

async function shown(error: unknown, own: Partial<FailureOptions> = {}): Promise<{ code: number; text: string }> {
  let text = '';
  const code = await showFailure(error, {
    interrupted: false,
    json: false,
    color: false,
    version: '7.8.9',
    write: more => void (text += more),
    ...own,
  });
  return { code, text };
}
const json = async (error: unknown): Promise<unknown> => JSON.parse((await shown(error, { json: true })).text);
const systemError = (code: string, own: object = {}): Error =>
  Object.assign(new Error(`${code}: it cannot be, open '/srv/kelp'`), { code, ...own });
const processFailure = (): Promise<unknown> =>
  runProcess(['sh', '-c', 'echo why; exit 9', 'a b'], {
    env: { PATH: '/usr/bin:/bin' },
    signal: new AbortController().signal,
    title: ['mkfs.kelp', '-q'],
  }).catch((error: unknown) => error);

const config = new ConfigFault([
  {
    position: { file: 'layouts/stern.yaml', line: 3, col: 7 },
    path: 'partitions[0]',
    message: 'unknown key "sise"',
    hint: 'did you mean "size"?',
  },
  { position: { file: 'layouts/stern.yaml', line: 1, col: 1 }, path: '', message: 'no name' },
]);

describe('a fault of the user’s', () => {
  test.each([
    ['usage', new UsageFault('no image kelp', 'build it first'), 2, 'error: no image kelp\n    hint: build it first\n'],
    ['signing', new SigningFault('no key kelp', 'make it'), 2, 'error: no key kelp\n    hint: make it\n'],
    ['build', new BuildFault('the mirror is gone', 'wait'), 1, 'error: the mirror is gone\n    hint: wait\n'],
    ['build, without a way out', new BuildFault('the mirror is gone'), 1, 'error: the mirror is gone\n'],
    [
      'format',
      new FormatFault('hull takes 5 KiB, but SysA has 4 KiB', 'more room'),
      1,
      'error: hull takes 5 KiB, but SysA has 4 KiB\n    hint: more room\n',
    ],
    [
      'configuration',
      config,
      2,
      'layouts/stern.yaml:1:1: no name\nlayouts/stern.yaml:3:7: partitions[0]: unknown key "sise"\n    hint: did you mean "size"?\n2 faults in 1 file; nothing was built.\n',
    ],
    [
      'a full disk',
      systemError('ENOSPC', { path: '/srv/kelp' }),
      1,
      'error: the disk is full (/srv/kelp); free some room, or name another cache folder in CAISSON_CACHE\n',
    ],
    [
      'a full disk, unknown where',
      systemError('ENOSPC'),
      1,
      'error: the disk is full; free some room, or name another cache folder in CAISSON_CACHE\n',
    ],
    [
      'no permission',
      systemError('EACCES'),
      1,
      "error: EACCES: it cannot be, open '/srv/kelp'; check who owns it, or name another folder\n",
    ],
    [
      'no permission at all',
      systemError('EPERM'),
      1,
      "error: EPERM: it cannot be, open '/srv/kelp'; check who owns it, or name another folder\n",
    ],
    [
      'a read-only disk',
      systemError('EROFS'),
      1,
      "error: EROFS: it cannot be, open '/srv/kelp'; check who owns it, or name another folder\n",
    ],
  ])('%s', async (_, error, code, text) => expect(await shown(error)).toEqual({ code, text }));

  test('a program that failed: what ran, why, and how to run it again', async () => {
    const { code, text } = await shown(await processFailure());
    expect(code).toBe(1);
    expect(text.split('\n')).toEqual([
      'failed: mkfs.kelp ended with exit code 9',
      '  ran  mkfs.kelp -q',
      '  last line of its output:',
      '    why',
      '  to run it again by hand:',
      "    sh -c 'echo why; exit 9' 'a b'",
      '',
    ]);
  });

  test('an interruption, whatever the error was', async () => {
    expect(await shown(new TypeError('x'), { interrupted: true })).toEqual({
      code: 130,
      text: 'interrupted; nothing half done was left behind.\n',
    });
  });

  test('an interruption for a program', async () => {
    expect(await shown(new TypeError('x'), { interrupted: true, json: true })).toEqual({
      code: 130,
      text: '{"error":"interrupted; nothing half done was left behind"}\n',
    });
  });

  test('a program that was told the password of a mirror, without it', async () => {
    const url = 'https://sailor:s3cret@mirror.example/rope.deb';
    const failure = await runProcess(['sh', '-c', `echo "Err:1 ${url} 404"; exit 3`], {
      env: { PATH: '/usr/bin:/bin' },
      signal: new AbortController().signal,
    }).catch((error: unknown) => error);
    for (const json of [false, true]) {
      const { text } = await shown(failure, { json });
      expect(text).toContain('https://mirror.example/rope.deb');
      expect(text).not.toContain('s3cret');
    }
  });

  test('none of them shows a stack', async () => {
    for (const error of [
      new UsageFault('a', 'b'),
      new BuildFault('a'),
      new FormatFault('a', 'b'),
      config,
      systemError('ENOSPC'),
      systemError('EACCES'),
      await processFailure(),
    ]) {
      for (const as of [true, false]) expect((await shown(error, { json: as })).text).not.toMatch(/\n\s+at |\.ts:\d/);
    }
  });
});

describe('a package that no mirror has', () => {
  const fileOf = (text: string): string => {
    const file = join(folder, 'cargo.yaml');
    writeFileSync(file, text);
    return file;
  };

  test('stands at its place in the manifest, with the nearest name', async () => {
    const manifest = manifestOf({
      file: fileOf('suite: sid\npackages:\n  - rope\n  - achnor\n'),
      packages: ['rope', 'achnor'],
    });
    const { code, text } = await shown(new PackageFault(manifest, 'achnor', ['rope', 'anchor', 'sail']));
    expect(code).toBe(2);
    expect(text).toBe(
      `${manifest.file}:4:5: packages[1]: no package "achnor" in sid of http://mirror.example/debian (did you mean "anchor"?)\n    hint: take it out, mend the name, or add a mirror that has it\n1 fault in 1 file; nothing was built.\n`,
    );
  });

  test('stands in the manifest that names it, of those that another extends', async () => {
    const base = join(folder, 'hold.yaml');
    writeFileSync(base, 'suite: sid\npackages: [rope, achnor]\n');
    const file = fileOf('extends: hold\npackages: [tar]\n');
    const manifest = manifestOf({
      file,
      bases: [join(folder, 'away.yaml'), base],
      packages: ['rope', 'achnor', 'tar'],
    });
    const { text } = await shown(new PackageFault(manifest, 'achnor', ['rope']));
    expect(text).toContain(`${base}:2:18: packages[1]: no package "achnor" in sid`);
  });

  test('with no name like it, and a manifest that is gone', async () => {
    const { text } = await shown(
      new PackageFault(manifestOf({ file: join(folder, 'gone.yaml'), packages: ['whale'] }), 'whale', ['rope']),
    );
    expect(text).toMatch(
      /gone\.yaml:1:1: packages\[0\]: no package "whale" in sid of http:\/\/mirror\.example\/debian\n/,
    );
  });
});

describe('a bug of ours', () => {
  test('shows its stack, its cause and whom to tell', async () => {
    const { code, text } = await shown(new TypeError('slot is undefined', { cause: new Error('the root of it') }));
    expect(code).toBe(1);
    expect(text).toMatch(/^bug in caisson: slot is undefined\n/);
    expect(text).toMatch(/\n\s+at .*failure\.test\.ts:\d+/);
    expect(text).toMatch(/the root of it/);
    expect(text).toMatch(/caisson 7\.8\.9/);
  });

  test.each([['a string'], [undefined], [null], [{ code: 7 }]])('thrown as %j', async error => {
    expect(await shown(error)).toMatchObject({ code: 1, text: expect.stringMatching(/^bug in caisson: /) as string });
  });

  test('an unknown error of the system is one', async () =>
    expect((await shown(systemError('ENOENT'))).text).toMatch(/^bug in caisson: ENOENT/));
});

describe('as JSON', () => {
  test.each<[string, unknown, unknown]>([
    ['usage', new UsageFault('a', 'b'), { error: 'a', hint: 'b' }],
    ['format', new FormatFault('a', 'b'), { error: 'a', hint: 'b' }],
    [
      'system',
      systemError('ENOSPC'),
      { error: 'the disk is full; free some room, or name another cache folder in CAISSON_CACHE' },
    ],
    [
      'configuration',
      config,
      {
        faults: [
          { file: 'layouts/stern.yaml', line: 1, col: 1, path: '', message: 'no name' },
          {
            file: 'layouts/stern.yaml',
            line: 3,
            col: 7,
            path: 'partitions[0]',
            message: 'unknown key "sise"',
            hint: 'did you mean "size"?',
          },
        ],
      },
    ],
  ])('%s', async (_, error, value) => expect(await json(error)).toEqual(value));

  test('process', async () => {
    expect(await json(await processFailure())).toEqual({
      error: 'mkfs.kelp ended with exit code 9',
      command: ['mkfs.kelp', '-q'],
      exitCode: 9,
      signal: null,
      output: ['why'],
      log: null,
    });
  });
});

describe('a name out of a tar or an image', () => {
  test('gives the terminal no orders', async () => {
    const error = new FormatFault('"/kelp\u001b[2J\u0007" is a fifo', 'leave \u001b]0;reef\u0007it out');
    expect((await shown(error)).text).toBe('error: "/kelp " is a fifo\n    hint: leave it out\n');
  });

  test('and lines stay lines', async () => {
    const error = new BuildFault('the machine is silent', "the console's last lines:\n  one\r\n  two");
    expect((await shown(error)).text).toBe(
      "error: the machine is silent\n    hint: the console's last lines:\n  one \n  two\n",
    );
  });
});
