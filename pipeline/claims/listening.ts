import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

export const listening = claim({
  name: 'listening',
  promise: ({ ssh }) =>
    ssh === null || ssh.transport === 'vsock'
      ? 'Nothing listens on TCP but on the loopback device.'
      : 'Only SSH listens on TCP, but for the loopback device.',
  tried: 'sockets of the kernel',
  prove: async ({ machine, declaration: { ssh, firewall } }) => {
    const answers = await ask(
      machine,
      `ss --tcp --listening --numeric --no-header | while read -r state receive send own rest; do say open "$own"; done`,
    );
    const open = [...new Set(answers.all('open'))].filter(each => !/^(127\.|\[::1\]|\[::ffff:127\.)|%lo:/.test(each));
    const ports = [
      ...(ssh !== null && ssh.transport !== 'vsock' ? [22] : []),
      ...(firewall?.allow ?? []).filter(each => each.protocol === 'tcp').map(each => each.port),
    ];
    const strays = open.filter(each => !ports.some(port => each.endsWith(`:${port}`)));
    return [
      fact(
        strays.length === 0,
        strays.length === 0 ? `open: ${open.join(', ') || 'none'}` : `NOT declared: ${strays.join(', ')}`,
      ),
    ];
  },
});
