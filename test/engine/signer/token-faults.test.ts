import { describe, expect, test } from 'vitest';
import { runProcess, type ProcessFailure } from '../../../pipeline/engine/run.ts';
import { explainToken } from '../../../pipeline/engine/signer/token-faults.ts';

const TOKEN = {
  token: 'pkcs11:token=reef',
  key: 'pkcs11:token=reef;object=pilot',
  module: '/m.so',
  pinFile: '/run/pin',
};

/** A program that says this, and fails. */
async function failure(program: string, said: string): Promise<ProcessFailure> {
  return runProcess(['sh', '-c', 'printf "%s\\n" "$1" >&2; exit 1', 'sh', said], {
    env: { PATH: '/usr/bin:/bin' },
    signal: new AbortController().signal,
    title: [program],
  }).then(
    () => Promise.reject(new Error('it did not fail')),
    (error: ProcessFailure) => error,
  );
}

const LAST = 'error:13000080:engine routines:ENGINE_load_private_key:failed loading private key';

describe('explainToken', () => {
  test.each([
    [
      'p11-kit',
      'p11-kit: (unknown): module failed to initialize: no device',
      'does not load: p11-kit: (unknown): module failed',
    ],
    ['openssl', 'Enter PKCS#11 token PIN for reef:\nNo PIN code was entered', 'wants a PIN'],
    [
      'openssl',
      `Login failed\nerror:418000A0:PKCS#11 module:ERR_CKR_error:PIN incorrect\n${LAST}`,
      'refuses the PIN in /run/pin',
    ],
    ['openssl', `Login failed\nerror:418000A4:PKCS#11 module:ERR_CKR_error:PIN locked\n${LAST}`, 'is locked'],
    [
      'openssl',
      `The private key was not found at: pkcs11:token=reef\n${LAST}`,
      'no private key pkcs11:token=reef;object=pilot',
    ],
    ['openssl', 'Engine "pkcs11" set.\nerror:30:Device error', 'does not sign: error:30:Device error'],
    ['openssl', '', 'does not sign: it said nothing'],
  ])('of %s that said %j', async (program, said, message) => {
    expect(explainToken(await failure(program, said), TOKEN)).toMatchObject({
      name: 'SigningFault',
      message: expect.stringContaining(message) as string,
      hint: expect.stringMatching(/./) as string,
    });
  });

  test('names no file of a PIN where there is none', async () => {
    const fault = explainToken(await failure('openssl', 'UI_process failed'), { ...TOKEN, pinFile: null });
    expect(fault.message).toBe('the token pkcs11:token=reef wants a PIN, and none is named');
  });
});
