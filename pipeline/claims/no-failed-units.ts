import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

export const noFailedUnits = claim({
  name: 'no-failed-units',
  promise: () => 'The system comes up without a failed or left out unit, and not in volatile mode.',
  tried: 'systemctl is-system-running, waited for; journal and console looked through for warnings',
  prove: async ({ machine }) => {
    const answers = await ask(
      machine,
      String.raw`
tell state timeout 60 systemctl is-system-running --wait
say failed "$(systemctl list-units --failed --plain --no-legend --no-pager | cut -d' ' -f1 | tr '\n' ' ')"
say cycles "$(journalctl --boot --identifier=systemd --output=cat --no-pager | grep -o 'ordering cycle on .*' | sort -u | head -n 5 | tr '\n' ';')"
say volatile "$([ -e /run/caisson/volatile ] && echo yes || echo no)"
say errors "$(journalctl --boot --priority=err --output=cat --no-pager | sort -u | head -n 3 | tr '\n' ';')"
say time "$(systemd-analyze time 2>/dev/null | head -n 1)"`,
    );
    const warnings = machine.console.filter(line => line.includes('caisson: WARNING'));
    const cycles = answers.one('cycles');
    const failed = answers.one('failed').trim();
    return [
      fact(answers.one('state') === 'running', `system is ${answers.one('state')}`),
      fact(failed === '', `failed units: ${failed || 'none'}`),
      fact(cycles === '', `ordering cycles of units: ${cycles || 'none'}`),
      fact(answers.one('volatile') === 'no', `volatile mode: ${answers.one('volatile')}`),
      fact(
        warnings.length === 0,
        warnings.length === 0 ? 'no warning on the console' : `console: ${warnings.at(-1) ?? ''}`,
      ),
      fact(true, `ready after ${machine.bootSeconds?.toFixed(1) ?? '?'} s; ${answers.one('time')}`),
      ...(answers.one('errors') === ''
        ? []
        : [fact(true, `errors in the journal: ${answers.one('errors').slice(0, 160)}`)]),
    ];
  },
});
