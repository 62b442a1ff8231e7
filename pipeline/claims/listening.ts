import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import { declaredPorts } from './open-ports.ts';

export const listening = claim({
  name: 'listening',
  promise: declaration => {
    const names = declaredPorts(declaration).tcp.map(port => `tcp/${port}`);
    return `Nothing listens on TCP but ${[...names, 'on the loopback device'].join(', ')}.`;
  },
  tried: 'sockets of the kernel',
  prove: async ({ machine, declaration }) => {
    const answers = await ask(
      machine,
      `ss --tcp --listening --numeric --no-header | while read -r state receive send own rest; do say open "$own"; done`,
    );
    const open = [...new Set(answers.all('open'))].filter(each => !/^(127\.|\[::1\]|\[::ffff:127\.)|%lo:/.test(each));
    const { tcp } = declaredPorts(declaration);
    const strays = open.filter(each => !tcp.some(port => each.endsWith(`:${port}`)));
    return [
      fact(
        strays.length === 0,
        strays.length === 0 ? `open: ${open.join(', ') || 'none'}` : `NOT declared: ${strays.join(', ')}`,
      ),
    ];
  },
});
