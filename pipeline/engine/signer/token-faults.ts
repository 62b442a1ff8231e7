/** What OpenSSL and p11-kit say when a token does not sign -> what its user can do. */
import { SigningFault } from '../fault.ts';
import type { ProcessFailure } from '../run.ts';
import type { Token } from './types.ts';

/** Return values of PKCS#11 by their names in libp11; p11-kit says "failed to initialize" for all that fails early. */
export function explainToken(
  { command, output }: ProcessFailure,
  { token, key, module, pinFile }: Token,
): SigningFault {
  const said = output.join('\n');
  const tries = 'a token locks itself after some wrong ones';
  if (command[0] === 'p11-kit')
    return new SigningFault(
      `the PKCS#11 module ${module} does not load: ${lastWords(output)}`,
      `\`ldd ${module}\` shows libraries that are missing; is it a module for this machine, and has it its configuration?`,
    );
  if (/No PIN code was entered|UI_process failed/.test(said))
    return new SigningFault(
      `the token ${token} wants a PIN${pinFile === null ? ', and none is named' : ''}`,
      'put it into a file of mode 0600 and name that: `pinFile`',
    );
  if (/PIN locked/i.test(said))
    return new SigningFault(`the token ${token} is locked`, 'its security officer can unlock it');
  if (/PIN (incorrect|invalid|expired)|PIN len/i.test(said))
    return new SigningFault(`the token ${token} refuses the PIN in ${pinFile}`, `mend the file first: ${tries}`);
  if (/object not found|private key was not found/.test(said))
    return new SigningFault(
      `no private key ${key} in the token`,
      `\`pkcs11-tool --module ${module} --login --list-objects --type privkey\` shows what there is`,
    );
  return new SigningFault(
    `the token ${token} does not sign: ${lastWords(output)}`,
    'try the key with pkcs11-tool first',
  );
}

function lastWords(output: readonly string[]): string {
  return output.find(line => /error|fail/i.test(line)) ?? output.at(-1) ?? 'it said nothing';
}
