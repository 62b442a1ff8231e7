import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

export const coreDumps = claim({
  name: 'core-dumps',
  promise: () => 'A program that crashes leaves no core dump.',
  tried: 'a process killed with SIGSEGV in a folder it may write to; limits and core pattern read',
  prove: async ({ machine }) => {
    const answers = await ask(
      machine,
      String.raw`
folder=$(mktemp -d); cd "$folder"
sh -c 'ulimit -c unlimited 2>/dev/null; kill -SEGV $$' 2>/dev/null
say files "$(ls -A "$folder" | tr '\n' ' ')"
cd /; rm -rf "$folder"
tell pattern cat /proc/sys/kernel/core_pattern
say stored "$(ls -A /var/lib/systemd/coredump 2>/dev/null | wc -l)"
say limit "$(sed -n 's/^Max core file size *\([^ ]*\).*/\1/p' "/proc/$(systemctl show --property=MainPID --value systemd-journald)/limits")"`,
    );
    const pattern = answers.one('pattern');
    return [
      fact(
        answers.one('files') === '',
        answers.one('files') === '' ? 'nothing was left' : `LEFT: ${answers.one('files')}`,
      ),
      fact(answers.one('stored') === '0', `${answers.one('stored')} stored ones`),
      fact(/^\||^\/dev\/null$|^core$|^$/.test(pattern), `core pattern "${pattern}"`),
      fact(answers.one('limit') === '0', `soft limit of a service: ${answers.one('limit')}`),
    ];
  },
});
