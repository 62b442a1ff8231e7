import { execFileSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quoteShell, renderFailure, type Failure } from '../../pipeline/report/errors.ts';

const PLAIN = { color: false };

describe('faults', () => {
  const faults = [
    {
      position: { file: 'layouts/kiosk.yaml', line: 18, col: 7 },
      path: 'partitions[1]',
      message: 'unknown key "sise"',
      hint: 'did you mean "size"?',
    },
    { position: { file: 'pipeline/kiosk.yaml', line: 2, col: 1 }, path: '', message: 'a tab indents this line' },
    {
      position: { file: 'layouts/kiosk.yaml', line: 3, col: 11 },
      path: 'size',
      message: 'found "4 GB"\u001b[2J',
      hint: 'write "4 GiB"',
    },
  ];

  test('each at its place with its hint, by file and line; the sum at the end', () => {
    expect(renderFailure({ kind: 'faults', faults }, PLAIN)).toBe(
      [
        'layouts/kiosk.yaml:3:11: size: found "4 GB"',
        '    hint: write "4 GiB"',
        'layouts/kiosk.yaml:18:7: partitions[1]: unknown key "sise"',
        '    hint: did you mean "size"?',
        'pipeline/kiosk.yaml:2:1: a tab indents this line',
        '3 faults in 2 files; nothing was built.',
      ].join('\n'),
    );
  });

  test('one', () =>
    expect(renderFailure({ kind: 'faults', faults: faults.slice(0, 1) }, PLAIN)).toMatch(
      /\n1 fault in 1 file; nothing was built\.$/,
    ));

  test('colour only when asked, and then the same text', () => {
    const colored = renderFailure({ kind: 'faults', faults }, { color: true });
    expect(colored).toContain('\u001b[31m3 faults');
    expect(stripVTControlCharacters(colored)).toBe(renderFailure({ kind: 'faults', faults }, PLAIN));
  });
});

describe('process', () => {
  const failure = {
    kind: 'process',
    step: 'rootfs-of-kiosk',
    command: ['mkfs.erofs', '-zzstd,3', "it's here", '--all-root'],
    exitCode: 3,
    signal: null,
    output: Array.from({ length: 23 }, (_, index) => `  line ${index + 1}\r`),
    log: '/var/tmp/caisson/rootfs.log',
    reproduce: "env -i PATH=/usr/bin mkfs.erofs 'a b'",
  } satisfies Failure;

  test('what ran, how it ended, the last twenty lines, the log, the command to paste', () => {
    expect(renderFailure(failure, PLAIN)).toBe(
      [
        'failed: rootfs-of-kiosk: mkfs.erofs ended with exit code 3',
        String.raw`  ran  mkfs.erofs -zzstd,3 'it'\''s here' --all-root`,
        '  last 20 lines of its output:',
        ...Array.from({ length: 20 }, (_, index) => `      line ${index + 4}`),
        '  log  /var/tmp/caisson/rootfs.log',
        '  to run it again by hand:',
        "    env -i PATH=/usr/bin mkfs.erofs 'a b'",
      ].join('\n'),
    );
  });

  test('silent, without log, outside a step, ended by a signal', () => {
    expect(
      renderFailure(
        {
          ...failure,
          step: null,
          command: ['swtpm'],
          exitCode: null,
          signal: 'SIGKILL',
          output: [],
          log: null,
          reproduce: 'swtpm',
        },
        PLAIN,
      ),
    ).toBe(
      [
        'failed: swtpm was ended by SIGKILL (out of memory?)',
        '  ran  swtpm',
        '  It wrote nothing.',
        '  to run it again by hand:',
        '    swtpm',
      ].join('\n'),
    );
  });

  test('never started', () =>
    expect(renderFailure({ ...failure, exitCode: null }, PLAIN)).toContain('mkfs.erofs could not be started'));
});

describe('bug', () => {
  test('message, stack, causes, and whom to tell', () => {
    const error = new TypeError('slot is undefined', { cause: new RangeError('offset 9') });
    const text = renderFailure({ kind: 'bug', error, version: '7.8.9' }, PLAIN);
    expect(text).toMatch(
      /^bug in caisson: slot is undefined\n {4}TypeError: slot is undefined\n {8}at .*errors\.test\.ts/,
    );
    expect(text).toMatch(/\n {4}caused by:\n {4}RangeError: offset 9\n/);
    expect(text).toMatch(/Please report it .* caisson 7\.8\.9, Node \d+\.\d+\.\d+\.$/);
  });

  test('something thrown that is no Error', () =>
    expect(renderFailure({ kind: 'bug', error: 'oops', version: '1' }, PLAIN)).toContain('thrown: oops'));
});

describe('quoteShell', () => {
  test.each([
    [['ls', '-l', '/srv/a_b'], 'ls -l /srv/a_b'],
    [['echo', '', '$HOME', 'a;b', '*'], `echo '' '$HOME' 'a;b' '*'`],
    [['A=b', 'C=d'], `'A=b' C=d`],
    [['~', 'ü'], `'~' 'ü'`],
  ])('%j -> %s', (argv, line) => expect(quoteShell(argv)).toBe(line));

  test('a shell reads back the same arguments', () => {
    const word = fc.string({ unit: fc.constantFrom(...` '"\\$\`!*?#~=;&|<>(){}[]\n\tab1-é`.split('')) });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), words => {
        const out = execFileSync('/bin/sh', ['-c', quoteShell(['printf', String.raw`%s\0`, ...words, 'end'])], {
          encoding: 'utf8',
        });
        expect(out).toBe([...words, 'end'].map(argument => `${argument}\0`).join(''));
      }),
      { numRuns: 40 },
    );
  });
});
