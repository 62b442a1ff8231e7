import { describe, expect, test } from 'vitest';
import { lenientKeys, loginLine } from '../../../pipeline/commands/machine/logins.ts';

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIIN4x2JFkThRy06O+DhVHMjxcu0ursRDEGQ/FIbXXiNZ';
const TEXT = `# of the harbour
ssh-ed25519 ${KEY} keeper@quay\u001B[31m

from="192.0.2.0/24" ssh-ed25519 ${KEY} elsewhere
ssh-ed25519 ${KEY} keeper of keys
`;

test('keys written by hand are read as far as they are known', () => {
  const { keys, unknown } = lenientKeys(TEXT);
  expect(keys.map(each => each.comment)).toEqual(['keeper of keys']);
  expect(unknown).toBe(2);
  expect(lenientKeys('')).toEqual({ keys: [], unknown: 0 });
});

describe('the line for the user', () => {
  const { keys } = lenientKeys(TEXT);
  const fingerprint = keys[0]?.fingerprint ?? '';
  const none = { user: 'warden', keys: [], authorities: [], unknown: 0 };

  test.each([
    [null, 'It does not declare who can log in.'],
    [{ ...none, user: null, keys }, 'Nobody can log in: the image declares no SSH.'],
    [none, 'Nobody can log in: caisson provision makes a copy with a key.'],
    [{ ...none, keys }, `warden can log in with the key ${fingerprint} (keeper of keys).`],
    [
      { ...none, keys, authorities: keys, unknown: 2 },
      `warden can log in with the key ${fingerprint} (keeper of keys), or a certificate of ${fingerprint} (keeper of keys), or keys that are not known here.`,
    ],
  ])('%#', (logins, line) => expect(loginLine(logins)).toBe(line));

  test('has nothing that a terminal would obey', () => {
    const comment = 'x\u001B[2J';
    expect(loginLine({ ...none, keys: keys.map(each => ({ ...each, comment })) })).not.toContain('\u001B');
  });
});
