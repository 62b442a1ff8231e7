import { claim, fact } from './claim.ts';
import { attempt, overTcp } from './ssh-attempts.ts';

/** What OpenSSH still knows and nobody should accept: SHA-1, CBC, short MACs, finite fields of 2048 bits and less. */
const WEAK: readonly (readonly [title: string, option: string])[] = [
  [
    'key exchange with SHA-1',
    'KexAlgorithms=diffie-hellman-group14-sha1,diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha1',
  ],
  ['CBC ciphers', 'Ciphers=aes128-cbc,aes192-cbc,aes256-cbc,3des-cbc'],
  [
    'MACs of SHA-1, MD5 and 64 bits',
    'MACs=hmac-sha1,hmac-sha1-etm@openssh.com,hmac-md5,umac-64@openssh.com,umac-64-etm@openssh.com',
  ],
  ['host keys signed with SHA-1', 'HostKeyAlgorithms=ssh-rsa'],
];

export const sshAlgorithms = claim({
  name: 'ssh-algorithms',
  promise: () => 'SSH refuses weak algorithms.',
  tried: 'from outside with the right key and only weak algorithms, one kind at a time',
  applies: overTcp,
  prove: async subject =>
    Promise.all(
      WEAK.map(async ([title, option]) => {
        // A MAC is only used by ciphers that do not authenticate themselves.
        const extra = [
          '-o',
          option,
          ...(option.startsWith('MACs') ? ['-o', 'Ciphers=aes256-ctr,aes192-ctr,aes128-ctr'] : []),
        ];
        const { loggedIn, said } = await attempt(subject, { family: 4, key: subject.keys.user, extra });
        const refused = /no matching|Unable to negotiate/.test(said);
        return fact(!loggedIn && refused, `${title}: ${loggedIn ? 'LOGGED IN' : refused ? 'refused' : said}`);
      }),
    ),
});
