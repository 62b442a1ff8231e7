import { ask, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';

export const umask = claim({
  name: 'umask',
  promise: () => 'What users make is not open to others.',
  tried: 'a login shell of the admin user makes a file and a folder',
  applies: ({ ssh }) => ssh !== null,
  prove: async ({ machine, declaration }) => {
    const user = declaration.ssh?.user ?? '';
    const answers = await ask(
      machine,
      `say made "$(su --login ${quoted(user)} --command 'file=$(mktemp -u); : >"$file"; mkdir "$file.d"; stat -c %a "$file" "$file.d"; rm -r "$file" "$file.d"' 2>&1)"
say home "$(stat -c %a "$(getent passwd ${quoted(user)} | cut -d: -f6)")"`,
    );
    const made = answers.one('made').split(';');
    const closed = made.length === 2 && made.every(mode => /^[0-7]?[0-7][0-7]0$/.test(mode));
    return [
      fact(closed, `file and folder have the modes ${made.join(', ')}`),
      fact(answers.one('home').endsWith('0'), `the home of ${user} has ${answers.one('home')}`),
    ];
  },
});
