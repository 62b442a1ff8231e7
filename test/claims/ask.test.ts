import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { answersOf, ask, endOf, quoted } from '../../pipeline/claims/ask.ts';
import { ClaimFault } from '../../pipeline/claims/fault.ts';

/** The script in a real shell. */
const shell = {
  sh: async (script: string) => ({
    exitCode: 0,
    stdout: execFileSync('sh', { input: script, encoding: 'utf8' }),
    stderr: '',
  }),
};

describe('answers', () => {
  test('one, several, none', () => {
    const answers = answersOf('keel=oak=dry\r\nmast=1\nmast=2\nno equals sign\n');
    expect(answers.one('keel')).toBe('oak=dry');
    expect(answers.all('mast')).toEqual(['1', '2']);
    expect(answers.all('rudder')).toEqual([]);
    expect(() => answers.one('mast')).toThrow('the guest gave 2 answers to "mast"');
    expect(() => answers.one('rudder')).toThrow('the guest gave no answer to "rudder"');
  });

  test('of a real shell: words, line ends, exit codes', async () => {
    const answers = await ask(
      shell,
      `say plain 'two  words' and; tell lines printf 'a\\nb\\n'; ends bad sh -c 'echo why >&2; exit 7'; ends good true`,
    );
    expect(answers.one('plain')).toBe('two  words and');
    expect(answers.one('lines')).toBe('a;b');
    expect(endOf(answers.one('bad'))).toEqual({ code: 7, text: 'why' });
    expect(endOf(answers.one('good'))).toEqual({ code: 0, text: '' });
    expect(() => endOf('nothing')).toThrow(ClaimFault);
  });

  test('a script that fails is a fault with its last words', async () => {
    const broken = { sh: async () => ({ exitCode: 3, stdout: '', stderr: 'one\ntwo\nthree\nfour\n' }) };
    await expect(ask(broken, 'exit 3')).rejects.toThrow('ended with exit code 3: two; three; four');
  });
});

test.each(["it's", '$(reboot)', 'a b', '`x`', ''])('quoted %s is one word of the shell', text => {
  expect(execFileSync('sh', ['-c', `printf '<%s>' ${quoted(text)}`], { encoding: 'utf8' })).toBe(`<${text}>`);
});
