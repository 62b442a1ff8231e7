import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { CLAIMS } from '../../pipeline/claims/index.ts';
import { emptyScript, fillScript } from '../../pipeline/claims/full-partitions.ts';
import { damageScript } from '../../pipeline/claims/unreadable-data.ts';
import { DECLARATION, outside, ran, subject } from './subject.ts';

/** The guest's shell is dash too, where it is Debian's. */
const check = (script: string): string => execFileSync('sh', ['-n'], { input: script, encoding: 'utf8' });

const TALKATIVE = outside({ tcp: async () => 'open', run: async () => ran({ stdout: 'dev tap0' }) });
/** A declaration with a name that a shell would trip over. */
const ODD = {
  ...DECLARATION,
  partitions: DECLARATION.partitions.map(each => ({
    ...each,
    mount: each.mount === '/diary' ? "/di ary's" : each.mount,
  })),
};

describe('every script of a claim is one that a shell reads', () => {
  test.each(
    CLAIMS.filter(each => !['no-console-login', 'firewall-fails-closed', 'ssh-rate-limit'].includes(each.name)).map(
      each => [each.name, each] as const,
    ),
  )('%s', async (_, claim) => {
    const asked = subject({ outside: TALKATIVE, declaration: ODD, before: '{}' });
    await claim.prepare?.(asked).catch(() => undefined);
    await claim.prove(asked).catch(() => undefined);
    for (const script of asked.scripts) expect(check(script)).toBe('');
  });

  test('those that fill, empty and damage', () => {
    for (const script of [fillScript(["/a b's"]), emptyScript(["/a b's"]), damageScript("Da'ta")])
      expect(check(script)).toBe('');
  });
});
