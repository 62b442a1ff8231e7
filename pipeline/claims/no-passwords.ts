import { ask, endOf } from './ask.ts';
import { claim, fact } from './claim.ts';

export const noPasswords = claim({
  name: 'no-passwords',
  promise: () => 'No account has a password, empty or set; root is locked.',
  tried: 'every line of /etc/shadow and /etc/passwd; `su` to root as another user, with an empty password',
  prove: async ({ machine }) => {
    const answers = await ask(
      machine,
      String.raw`
sed 's/^\([^:]*\):\([^:]\{0,3\}\).*/shadow=\1 \2/' /etc/shadow
sed 's/^\([^:]*\):\([^:]*\):\([^:]*\):.*/passwd=\1 \3 \2/' /etc/passwd
ends su setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'echo | su root -c id'`,
    );
    const accounts = answers.all('shadow').map(each => each.split(' '));
    const set = accounts.filter(([, word = '']) => !/^[!*]/.test(word)).map(([name]) => name ?? '');
    const root = accounts.find(([name]) => name === 'root')?.[1] ?? 'missing';
    const users = answers.all('passwd').map(each => each.split(' '));
    const zeros = users.filter(([, uid]) => uid === '0').map(([name]) => name ?? '');
    const open = users.filter(([, , word]) => word !== 'x').map(([name]) => name ?? '');
    return [
      fact(
        accounts.length > 0 && set.length === 0,
        set.length === 0 ? `${accounts.length} accounts, none with a password` : `with a password: ${set.join(', ')}`,
      ),
      fact(/^[!*]/.test(root), `root has ${root}`),
      fact(zeros.length === 1 && zeros[0] === 'root', `uid 0: ${zeros.join(', ')}`),
      fact(
        open.length === 0,
        open.length === 0 ? 'none stands open in /etc/passwd' : `open in /etc/passwd: ${open.join(', ')}`,
      ),
      fact(
        endOf(answers.one('su')).code !== 0,
        `su to root: ${endOf(answers.one('su')).code === 0 ? 'SUCCEEDED' : 'refused'}`,
      ),
    ];
  },
});
