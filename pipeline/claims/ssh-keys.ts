import { claim, fact } from './claim.ts';
import { attempt, overTcp } from './ssh-attempts.ts';

export const sshKeys = claim({
  name: 'ssh-keys',
  promise: ({ ssh }) => `${ssh?.user ?? ''} logs in with the key that was provisioned, and with no other.`,
  tried: 'from outside over IPv4 and IPv6: the key, another key',
  applies: overTcp,
  prove: async subject => {
    const right4 = await attempt(subject, { family: 4, key: subject.keys.user });
    const right6 = await attempt(subject, { family: 6, key: subject.keys.user });
    const foreign = await attempt(subject, { family: 4, key: subject.keys.foreign });
    return [
      fact(right4.loggedIn, `IPv4, its key: ${right4.loggedIn ? 'logged in' : right4.said}`),
      fact(right6.loggedIn, `IPv6, its key: ${right6.loggedIn ? 'logged in' : right6.said}`),
      fact(
        !foreign.loggedIn && foreign.methods.length > 0,
        `another key: ${foreign.loggedIn ? 'LOGGED IN' : foreign.said}`,
      ),
    ];
  },
});
