import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';

export const adminUser = claim({
  name: 'admin-user',
  promise: ({ ssh }) =>
    `${ssh?.user ?? ''} ${ssh?.sudo === 'nopasswd' ? 'becomes root by sudo without a password' : 'cannot become root'}; other users cannot.`,
  tried: 'sudo as that user, and as another',
  applies: ({ ssh }) => ssh !== null,
  prove: async ({ machine, declaration }) => {
    const user = declaration.ssh?.user ?? '';
    const answers = await ask(
      machine,
      `ends own su --login ${quoted(user)} --command 'sudo -n id -u'
ends other setpriv --reuid=65534 --regid=65534 --clear-groups sudo -n id -u
say id "$(id ${quoted(user)})"`,
    );
    const [own, other] = [endOf(answers.one('own')), endOf(answers.one('other'))];
    const wanted = declaration.ssh?.sudo === 'nopasswd';
    return [
      fact(
        (own.code === 0 && own.text === '0') === wanted,
        `${user}: sudo ${own.code === 0 ? 'works' : `refused (${own.text.slice(0, 60)})`}`,
      ),
      fact(other.code !== 0, `nobody: sudo ${other.code === 0 ? 'WORKS' : 'refused'}`),
      fact(!/uid=0\(/.test(answers.one('id')), answers.one('id').slice(0, 100)),
    ];
  },
});
