import { claim, fact } from './claim.ts';

export const unprovisioned = claim({
  name: 'unprovisioned',
  promise: () => 'The image as it was built comes up, and nobody can log in to it; the console says so.',
  tried: 'the image itself booted; ready line; SSH from outside with a key that the copies know',
  scenario: 'unprovisioned',
  applies: ({ ssh }) => ssh !== null,
  prove: async ({ machine, declaration, keys }) => {
    const ready = machine.console.findLast(line => line.includes('caisson: ready:')) ?? '';
    const facts = [fact(/nobody can log in/.test(ready), ready.replace(/^.*?caisson:/, 'caisson:') || 'no ready line')];
    if (machine.outside === null || declaration.ssh?.transport === 'vsock') return facts;
    const { v4 } = await machine.outside.take();
    const { stdout, exitCode } = await machine.outside.ssh({
      source: v4,
      user: declaration.ssh?.user ?? '',
      key: keys.user,
      certificate: null,
      command: 'echo caisson-prove-logged-in',
      extra: [],
    });
    const inside = stdout.includes('caisson-prove-logged-in');
    return [...facts, fact(!inside, `SSH: ${inside ? 'LOGGED IN' : `refused, exit code ${exitCode}`}`)];
  },
});
