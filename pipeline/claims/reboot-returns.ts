import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

export const rebootReturns = claim({
  name: 'reboot-returns',
  promise: () => '`reboot` brings the machine back into the same slot, reachable.',
  tried: '`reboot` as root; ready line, new SSH connection, boot id and slot compared',
  scenario: 'rebooted',
  prepare: async ({ machine }) => {
    const answers = await ask(machine, 'tell id cat /proc/sys/kernel/random/boot_id; tell slot cat /run/caisson/slot');
    return `${answers.one('id')} ${answers.one('slot')}`;
  },
  prove: async ({ machine, before }) => {
    const [id = '', slot = ''] = before.split(' ');
    const answers = await ask(machine, 'tell id cat /proc/sys/kernel/random/boot_id; tell slot cat /run/caisson/slot');
    return [
      fact(answers.one('id') !== id, `the boot id is ${answers.one('id') === id ? 'the SAME' : 'a new one'}`),
      fact(answers.one('slot') === slot, `slot ${slot}, then slot ${answers.one('slot')}`),
      fact(true, `ready ${machine.bootSeconds?.toFixed(1) ?? '?'} s after the reset`),
    ];
  },
});
