import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

const PROMPT = /(login|password): *$|^[^ ]*[#$] *$|Press Enter|maintenance/i;

export const noConsoleLogin = claim({
  name: 'no-console-login',
  promise: () => 'The console has no login and no shell.',
  tried: 'Enter, a user name, Enter again on the serial line; gettys and shells on terminals looked for',
  order: 'beside',
  applies: ({ features }) => features.console === 'off',
  prove: async ({ machine }) => {
    const from = machine.console.length;
    for (const keys of ['\r', 'root\r', '\r']) {
      machine.type(keys);
      await wait(1500);
    }
    const prompts = machine.console.slice(from).filter(line => PROMPT.test(line));
    const answers = await ask(
      machine,
      String.raw`
systemctl list-units --all --plain --no-legend --no-pager '*getty*.service' 'debug-shell.service' | while read -r unit load active sub rest; do [ "$active" = active ] && say getty "$unit"; done
ps -e -o tty=,comm= | while read -r terminal name; do case "$terminal $name" in tty*) say process "$terminal $name" ;; esac; done`,
    );
    const [gettys, processes] = [answers.all('getty'), answers.all('process')];
    return [
      fact(
        prompts.length === 0,
        prompts.length === 0
          ? 'keys on the serial line: no prompt'
          : `keys on the serial line: "${prompts.at(-1) ?? ''}"`,
      ),
      fact(gettys.length === 0, gettys.length === 0 ? 'no getty runs' : `running: ${gettys.join(', ')}`),
      fact(
        processes.length === 0,
        processes.length === 0 ? 'no process on a terminal of the console' : `on terminals: ${processes.join(', ')}`,
      ),
    ];
  },
});
