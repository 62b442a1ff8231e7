import { claim, fact } from './claim.ts';
import { attempt, overTcp } from './ssh-attempts.ts';

const PASSWORDS = ['password', 'keyboard-interactive', 'hostbased', 'gssapi-with-mic'];

export const sshNoPasswords = claim({
  name: 'ssh-no-passwords',
  promise: () => 'SSH takes no password of any kind.',
  tried: 'from outside as the admin user, as root and as nobody known: what the server offers without a key',
  applies: overTcp,
  prove: async subject => {
    const users = [subject.declaration.ssh?.user ?? '', 'root', 'caisson-nobody'];
    return Promise.all(
      users.map(async user => {
        const extra = ['-o', `PreferredAuthentications=${PASSWORDS.join(',')}`, '-o', 'NumberOfPasswordPrompts=1'];
        const { loggedIn, methods, said } = await attempt(subject, { family: 4, user, extra });
        const offered = methods.filter(each => PASSWORDS.includes(each));
        const text = methods.length === 0 ? `no answer that says it: ${said}` : `offered ${methods.join(', ')}`;
        return fact(
          !loggedIn && methods.length > 0 && offered.length === 0,
          `${user}: ${loggedIn ? 'LOGGED IN' : text}`,
        );
      }),
    );
  },
});
