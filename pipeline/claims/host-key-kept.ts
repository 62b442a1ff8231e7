import { claim, fact } from './claim.ts';
import { keepsChanges } from './log-partition.ts';

export const hostKeyKept = claim({
  name: 'host-key-kept',
  promise: () => 'The SSH host keys are the same after a reboot.',
  tried: 'host keys on the console at both boots; the connection was made with the second ones',
  scenario: 'rebooted',
  applies: declaration => declaration.ssh !== null && keepsChanges(declaration),
  prepare: async ({ machine }) => JSON.stringify(machine.hostKeys),
  prove: async ({ machine, before }) => {
    const was = JSON.parse(before) as string[];
    const types = machine.hostKeys.map(each => each.split(' ')[0] ?? '');
    return [
      fact(was.length > 0, `first boot: ${was.length} keys`),
      fact(machine.hostKeys.length > 0, `after the reboot: ${types.join(', ') || 'none'}`),
      ...was.map(each => {
        const same = machine.hostKeys.includes(each);
        return fact(same, `${each.split(' ')[0] ?? ''} …${each.trim().slice(-12)} ${same ? 'is the same' : 'is GONE'}`);
      }),
    ];
  },
});
