import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { signingRecipe } from '../../../pipeline/commands/signing/recipe.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);
const request = (name: string) => ({
  step: 'seal',
  program: `/${name}`,
  file: `${name}.p7`,
  sha256: 'ab',
  signed: `${name}.signed.p7`,
});
const recipe = signingRecipe({
  format: 1,
  image: 'reef',
  version: '7.3',
  epoch: 1_444_444_444,
  requests: [request('seal-1.pilot.efi'), request('seal-2.cox.EFI')],
});

beforeEach(() => {
  for (const name of ['bin', 'a b']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('a b/sign.sh'), recipe, { mode: 0o755 });
  writeFileSync(at('calls'), '');
});

/** With an osslsigncode that notes its arguments, a line each, and makes its output. */
function sign(args: readonly string[], fails = '') {
  const script = `[ $# -gt 0 ] && printf '<%s>' "$@" >>'${at('calls')}' && echo >>'${at('calls')}'
${fails}
while [ "$1" != -out ]; do shift; done
echo signed >"$2"`;
  writeFileSync(at('bin/osslsigncode'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const env = { PATH: `${at('bin')}:/usr/bin:/bin` };
  const ran = spawnSync(at('a b/sign.sh'), args, { env, encoding: 'utf8' });
  return { ...ran, calls: readFileSync(at('calls'), 'utf8').split('\n').filter(Boolean) };
}

describe('the recipe', () => {
  test('is a script that a POSIX shell reads', () => {
    execFileSync('sh', ['-n', at('a b/sign.sh')]);
    expect(recipe).not.toMatch(/undefined|\[object/);
  });

  test.each([[[]], [['db.crt']]])('tells its usage for %j, and signs nothing', args => {
    const { status, stderr, stdout, calls } = sign(args);
    expect([status, stdout, calls]).toEqual([2, '', []]);
    expect(stderr).toMatch(/^Signs 2 EFI programs of reef 7\.3\./);
    expect(stderr).toContain('./sign.sh CERTIFICATE KEY');
    expect(stderr).not.toContain('osslsigncode sign');
  });

  test('signs each request at the time of the image, and hands on further options', () => {
    const { status, calls } = sign(['my db.crt', 'pkcs11:token=a;object=b', '-pkcs11module', '/m x.so']);
    const argv = (name: string): string =>
      ['sign', '-h', 'sha256', '-certs', 'my db.crt', '-key', 'pkcs11:token=a;object=b', '-time', '1444444444']
        .concat('-pkcs11module', '/m x.so', '-in', at(`a b/${name}.p7`), '-out', at(`a b/${name}.signed.p7`))
        .map(each => `<${each}>`)
        .join('');
    expect(status).toBe(0);
    expect(calls).toEqual([argv('seal-1.pilot.efi'), argv('seal-2.cox.EFI')]);
  });

  test('ends at the first that fails, and leaves no answer of an earlier run', () => {
    expect(sign(['c', 'k']).status).toBe(0);
    const { status } = sign(['c', 'k'], 'case "$*" in *cox*) exit 7 ;; esac');
    expect(status).toBe(7);
    expect(existsSync(at('a b/seal-1.pilot.efi.signed.p7'))).toBe(true);
    expect(existsSync(at('a b/seal-2.cox.EFI.signed.p7'))).toBe(false);
  });
});
