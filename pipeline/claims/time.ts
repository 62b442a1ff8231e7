import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

/** What counts is what chronyd reads, in its files and those that they name. */
const SCRIPT = String.raw`
tell active systemctl is-active chrony
say configuration "$(cat /etc/chrony/chrony.conf /etc/chrony/conf.d/*.conf /usr/share/caisson/chrony/*.conf /usr/lib/caisson/chrony*.conf 2>/dev/null | grep -E '^(makestep|refclock|confdir|sourcedir|pool|server)' | tr '\n' ';')"
say listening "$(ss --udp --listening --numeric --no-header 'sport = :123 or sport = :323' | awk '{ print $4 }' | tr '\n' ' ')"
say others "$(systemctl is-active systemd-timesyncd ntp ntpsec 2>/dev/null | grep -c '^active')"
say hyperv "$(ls /dev/ptp_hyperv 2>/dev/null)"
say prepared "$(cat /usr/lib/caisson/clock /etc/chrony/chrony.conf 2>/dev/null | grep -c ptp_hyperv)"
say sources "$(chronyc -n sources 2>&1 | grep -E '^[#^=][-*+?x~]' | tr '\n' ';')"
say clock "$(date +%s)"`;

export const time = claim({
  name: 'time',
  promise: () => "chronyd keeps the clock, steps it when it is far off, and uses Hyper-V's clock where there is one.",
  tried: 'chronyd asked; its configuration read; the clock compared with ours',
  prove: async ({ machine }) => {
    const answers = await ask(machine, SCRIPT);
    const now = Date.now() / 1000;
    const configuration = answers.one('configuration');
    const sources = answers.one('sources');
    const hyperv = answers.one('hyperv') !== '';
    const off = Math.abs(Number(answers.one('clock')) - now);
    return [
      fact(answers.one('active') === 'active', `chrony is ${answers.one('active')}`),
      fact(/makestep [\d.]+ -1/.test(configuration), /makestep [^;]*/.exec(configuration)?.[0] ?? 'no makestep'),
      hyperv
        ? fact(/#[-*+?x~] *PHC/.test(sources), `clock of Hyper-V: ${sources}`)
        : fact(
            answers.one('prepared') !== '0',
            `this machine has no clock of Hyper-V: what would use it ${answers.one('prepared') === '0' ? 'is NOT' : 'is'} there`,
          ),
      fact(answers.one('others') === '0', `other programs that set the clock: ${answers.one('others')}`),
      fact(
        !/0\.0\.0\.0:123|\*:123|\[::\]:123/.test(answers.one('listening')),
        `listens on ${answers.one('listening') || 'nothing'}`,
      ),
      fact(off < 30, `the clock is ${off.toFixed(0)} s off ours`),
    ];
  },
});
