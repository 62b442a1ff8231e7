import { ask, endOf } from './ask.ts';
import { claim, fact, outsideOf } from './claim.ts';

const RULES = '/usr/share/caisson/firewall';
const UNIT = 'caisson-firewall.service';

/**
 * The rules are on the read-only root: a broken file is mounted over them, in the unit's namespace too, and the unit is
 * started anew. A timer takes it away again: until then nobody gets in, this connection included.
 */
const SCRIPT = String.raw`
folder=${RULES}
mkdir -p /run/caisson-prove-rules; cp -a "$folder"/. /run/caisson-prove-rules/
for each in rules.v4 rules.v6; do sed -i 's/^COMMIT$/-A INPUT -j NO_SUCH_TARGET\nCOMMIT/' "/run/caisson-prove-rules/$each"; done
mkdir -p /run/caisson-prove-seen; rm -f /run/caisson-prove-seen/*
systemd-run --quiet --collect --unit=caisson-prove-closed sh -c '
mount --bind /run/caisson-prove-rules ${RULES}
systemctl restart ${UNIT} >/run/caisson-prove-seen/restart 2>&1; echo $? >/run/caisson-prove-seen/code
cd /run/caisson-prove-seen
iptables-nft -S INPUT >v4 2>&1 || iptables -S INPUT >v4 2>&1
ip6tables-nft -S INPUT >v6 2>&1 || ip6tables -S INPUT >v6 2>&1
touch closed; echo "caisson-prove: closed" >/dev/console
sleep 15
umount ${RULES}; systemctl reset-failed ${UNIT}; systemctl restart ${UNIT} systemd-networkd; sleep 1; echo "caisson-prove: open" >/dev/console'`;

export const firewallFailsClosed = claim({
  name: 'firewall-fails-closed',
  promise: () => 'Rules that fail to load leave every port closed, not open.',
  tried:
    'rules that iptables refuses put in place of the right ones, the unit started anew; SSH tried from outside, then put right',
  order: 'last',
  applies: ({ firewall }) => firewall?.input === 'drop',
  prove: async subject => {
    const { machine } = subject;
    const outside = outsideOf(subject);
    const before = await outside.take();
    const during = await outside.take();
    const after = await outside.take();
    const ssh = (source: string): ReturnType<typeof outside.tcp> =>
      outside.tcp({ source, target: source.includes(':') ? outside.guest6 : outside.guest4, port: 22, seconds: 4 });
    const open = await ssh(before.v4);
    const from = machine.console.length;
    await ask(machine, SCRIPT);
    await machine.waitForLine(/caisson-prove: closed/, { from, limitSeconds: 90 });
    const [v4, v6] = await Promise.all([ssh(during.v4), ssh(during.v6)]);
    await machine.waitForLine(/caisson-prove: open/, { from, limitSeconds: 120 });
    const again = await ssh(after.v4);
    const answers = await ask(
      machine,
      `ends code cat /run/caisson-prove-seen/code
tell v4 cat /run/caisson-prove-seen/v4
tell v6 cat /run/caisson-prove-seen/v6
ends closed test -e /run/caisson-prove-seen/closed
rm -rf /run/caisson-prove-seen /run/caisson-prove-rules`,
    );
    const accepts = (rules: string): string[] =>
      rules.split(';').filter(rule => rule.includes('ACCEPT') && !/-i lo\b/.test(rule));
    const [loose4, loose6] = [accepts(answers.one('v4')), accepts(answers.one('v6'))];
    return [
      fact(
        endOf(answers.one('closed')).code === 0 && endOf(answers.one('code')).text !== '0',
        `the unit ends with ${endOf(answers.one('code')).text || 'nothing'}`,
      ),
      fact(open !== 'no answer', `SSH before: ${open}`),
      fact(v4 === 'no answer' && v6 === 'no answer', `SSH meanwhile: ${v4} (IPv4), ${v6} (IPv6)`),
      fact(
        /-P INPUT DROP/.test(answers.one('v4')) && loose4.length === 0,
        `IPv4 rules then: ${answers.one('v4').slice(0, 80)}`,
      ),
      fact(
        /-P INPUT DROP/.test(answers.one('v6')) && loose6.length === 0,
        `IPv6 rules then: ${answers.one('v6').slice(0, 80)}`,
      ),
      fact(again === open, `SSH put right: ${again}`),
    ];
  },
});
