/** Would a machine take what this certificate signs? Asked before anything is built, of openssl-verify(1). */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch } from '../cache.ts';
import { SigningFault } from '../fault.ts';
import { ProcessFailure } from '../run.ts';
import type { SignerOptions } from './types.ts';
import { toolRunner, WORK } from '../tool-runner.ts';
import type { Certificate } from './certificate.ts';

/** `keyring` is PEM text. Throws SigningFault that says what is wrong with which of them. */
export async function mustBeTrusted(
  { file, pem, chain }: Certificate,
  { keyring, ...options }: SignerOptions & { keyring: string },
): Promise<void> {
  const work = await makeScratch(options.environment, 'trust');
  try {
    for (const [name, text] of Object.entries({ keyring, chain, signer: pem }))
      await writeFile(path.join(work, `${name}.pem`), text);
    const run = toolRunner({ ...options, work }, { binds: [], log: null });
    const at = (name: string): string => `${WORK}/${name}.pem`;
    // As RAUC's `check-purpose=codesign`, by the same library, but for the clock.
    const how = ['-purpose', 'codesign', '-attime', String(options.epoch), '-CAfile', at('keyring')];
    const between = chain === '' ? [] : ['-untrusted', at('chain')];
    await run('openssl', ['verify', ...how, ...between, at('signer')]);
  } catch (error) {
    throw error instanceof ProcessFailure ? explain(file, error.output) : error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** "error 9 at 1 depth lookup: certificate is not yet valid": depth 0 is the signer's own. */
function explain(file: string, output: readonly string[]): SigningFault {
  const said = /^error \d+ at (\d+) depth lookup: (.*)$/m.exec(output.join('\n'));
  const [, depth = '0', reason = output.at(-1) ?? 'openssl said nothing'] = said ?? [];
  const which = depth === '0' ? '' : `the ${depth === '1' ? 'one that issued it' : `${depth}th above it`}: `;
  return new SigningFault(
    `machines would refuse what the certificate ${file} signs: ${which}${reason}`,
    'its issuer must stand in `updates.keyring`, those between in the file of the certificate; all valid at the epoch of the image, for signing code',
  );
}
