import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

export const setuidList = claim({
  name: 'setuid-list',
  promise: ({ setuid }) =>
    `The files with a setuid or setgid bit are ${(setuid ?? []).join(', ') || 'none'}, and no file has capabilities.`,
  tried: 'all file systems of the machine searched as root',
  applies: ({ setuid }) => setuid !== null,
  prove: async ({ machine, declaration }) => {
    const declared = declaration.setuid ?? [];
    const answers = await ask(
      machine,
      String.raw`
find / \( -path /proc -o -path /sys -o -path /run/caisson \) -prune -o -type f -perm /6000 -print 2>/dev/null | sort -u | while read -r each; do say found "$each"; done
say capable "$(command -v getcap >/dev/null && getcap -r /usr 2>/dev/null | tr '\n' ' ')"`,
    );
    const found = answers.all('found');
    const extra = found.filter(each => !declared.includes(each));
    const missing = declared.filter(each => !found.includes(each));
    return [
      fact(
        extra.length === 0,
        `found ${found.join(', ') || 'none'}${extra.length === 0 ? '' : `; NOT declared: ${extra.join(', ')}`}`,
      ),
      fact(
        missing.length === 0,
        missing.length === 0
          ? 'all that are declared are there'
          : `declared but WITHOUT the bit: ${missing.join(', ')}`,
      ),
      fact(
        answers.one('capable').trim() === '',
        answers.one('capable').trim() === '' ? 'no file capabilities' : `capabilities: ${answers.one('capable')}`,
      ),
    ];
  },
});
