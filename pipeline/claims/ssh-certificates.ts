import { claim, fact } from './claim.ts';
import { attempt, overTcp } from './ssh-attempts.ts';

export const sshCertificates = claim({
  name: 'ssh-certificates',
  promise: ({ ssh }) =>
    `${ssh?.user ?? ''} logs in with a certificate of the provisioned CA, and with that of no other.`,
  tried: 'from outside: a key that only a certificate vouches for, signed by the CA and by another',
  applies: overTcp,
  prove: async subject => {
    const { certified, foreignCertified } = subject.keys;
    const right = await attempt(subject, { family: 4, ...certified });
    const bare = await attempt(subject, { family: 4, key: certified.key });
    const foreign = await attempt(subject, { family: 4, ...foreignCertified });
    return [
      fact(right.loggedIn, `certificate of the CA: ${right.loggedIn ? 'logged in' : right.said}`),
      fact(!bare.loggedIn && bare.methods.length > 0, `its key without it: ${bare.loggedIn ? 'LOGGED IN' : bare.said}`),
      fact(
        !foreign.loggedIn && foreign.methods.length > 0,
        `certificate of another CA: ${foreign.loggedIn ? 'LOGGED IN' : foreign.said}`,
      ),
    ];
  },
});
