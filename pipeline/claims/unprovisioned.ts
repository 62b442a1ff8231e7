import { claim, fact } from './claim.ts';
import { attempt, overTcp } from './ssh-attempts.ts';

export const unprovisioned = claim({
  name: 'unprovisioned',
  promise: () => 'The image as it was built comes up, and nobody can log in to it; the console says so.',
  tried: 'the image itself booted; ready line; SSH from outside with a key that the copies know',
  scenario: 'unprovisioned',
  applies: ({ ssh }) => ssh !== null,
  prove: async subject => {
    const { machine, declaration, keys } = subject;
    const ready = machine.console.findLast(line => line.includes('caisson: ready:')) ?? '';
    const facts = [fact(/nobody can log in/.test(ready), ready.replace(/^.*?caisson:/, 'caisson:') || 'no ready line')];
    if (machine.outside === null || !overTcp(declaration)) return facts;
    const { loggedIn, said } = await attempt(subject, { family: 4, key: keys.user });
    return [...facts, fact(!loggedIn, `SSH: ${loggedIn ? 'LOGGED IN' : said}`)];
  },
});
