import type { ProvenFact } from '../formats/proof.ts';
import { ask, type Answers } from './ask.ts';
import { claim, fact } from './claim.ts';

export const setuidList = claim({
  name: 'setuid-list',
  promise: ({ setuid }) => `The files with a setuid or setgid bit are ${(setuid ?? []).join(', ') || 'none'}.`,
  tried: 'all file systems of the machine searched as root',
  applies: ({ setuid }) => setuid !== null,
  prove: async ({ machine, declaration }) => {
    const declared = declaration.setuid ?? [];
    const answers = await ask(
      machine,
      String.raw`
find / \( -path /proc -o -path /sys -o -path /run/caisson \) -prune -o -type f -perm /6000 -print 2>/dev/null | sort -u | while read -r each; do say found "$each"; done
if command -v getcap >/dev/null; then getcap -r /usr /opt /etc /home /root /srv /var 2>/dev/null | while read -r each; do say capable "$each"; done; say told yes; fi`,
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
      ...capabilities(answers),
    ];
  },
});

/** Only an image with getcap(8) can tell; in others the build takes them away, which nobody in the machine sees. */
function capabilities(answers: Answers): ProvenFact[] {
  if (answers.all('told').length === 0) return [];
  const capable = answers.all('capable');
  return [
    fact(capable.length === 0, capable.length === 0 ? 'no file capabilities' : `capabilities: ${capable.join(', ')}`),
  ];
}
