import { claim, fact } from './claim.ts';
import { attempt, overTcp } from './ssh-attempts.ts';

export const sshNoRoot = claim({
  name: 'ssh-no-root',
  promise: () => 'Root cannot log in over SSH, whatever key it has.',
  tried: "from outside as root with the admin user's key, and with a certificate of the CA",
  applies: overTcp,
  prove: async subject => {
    const key = await attempt(subject, { family: 4, user: 'root', key: subject.keys.user });
    const certificate = await attempt(subject, { family: 4, user: 'root', ...subject.keys.certified });
    return [
      fact(!key.loggedIn && key.methods.length > 0, `key: ${key.loggedIn ? 'LOGGED IN' : key.said}`),
      fact(
        !certificate.loggedIn && certificate.methods.length > 0,
        `certificate: ${certificate.loggedIn ? 'LOGGED IN' : certificate.said}`,
      ),
    ];
  },
});
