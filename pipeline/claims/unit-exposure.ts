import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import { ClaimFault } from './fault.ts';

/** systemd-analyze(1) calls 5.0 and above "exposed". */
const BOUND = 5;
/** They log in users, whom nothing of this may bind. */
const SHELLS = /^(ssh|sshd|caisson-ssh)([@.-]|$)/;

export const unitExposure = claim({
  name: 'unit-exposure',
  promise: () =>
    `Every service of Caisson's own has an exposure below ${BOUND.toFixed(1)}, by systemd-analyze security.`,
  tried: 'systemd-analyze security for each of them',
  prove: async ({ machine }) => {
    const answers = await ask(
      machine,
      String.raw`
for each in $(cd /usr/lib/systemd/system && ls -d caisson-*.service 2>/dev/null); do
  case "$each" in *@.service) continue ;; esac
  say unit "$each $(systemd-analyze security --no-pager "$each" 2>&1 | tail -n 1)"
done`,
    );
    const units = answers
      .all('unit')
      .map(parseExposure)
      .filter(each => !SHELLS.test(each.unit));
    if (units.length === 0) throw new ClaimFault('the image has no service of its own');
    return units.map(({ unit, exposure }) => fact(exposure < BOUND, `${unit} ${exposure.toFixed(1)}`));
  },
});

/** `caisson-a.service → Overall exposure level for caisson-a.service: 2.3 OK 🙂` */
export function parseExposure(line: string): { unit: string; exposure: number } {
  const unit = line.split(' ')[0] ?? '';
  const exposure = /Overall exposure level for [^:]+: ([\d.]+)/.exec(line)?.[1];
  if (exposure === undefined) throw new ClaimFault(`systemd-analyze said nothing of ${unit}: ${line}`);
  return { unit, exposure: Number(exposure) };
}
