import { ask } from './ask.ts';
import { claim, fact, outsideOf, type Subject } from './claim.ts';
import { keepsChanges } from './log-partition.ts';

const FOLDER = '/var/lib/caisson/firewall.d';
const PORT = 7351;
const NEIGHBOUR = 7352;

export const dropInFirewall = claim({
  name: 'drop-in-firewall',
  promise: () =>
    `Rules put into ${FOLDER} take effect at a reload and after a reboot; what iptables refuses there is left out.`,
  tried: `rules for tcp/${PORT} and a broken file put there, reloaded, reboot; tried from outside`,
  scenario: 'rebooted',
  applies: declaration => declaration.firewall?.input === 'drop' && keepsChanges(declaration),
  prepare: async subject => {
    const { machine } = subject;
    await ask(
      machine,
      `mkdir -p ${FOLDER}
echo '-A INPUT -p tcp --dport ${PORT} -j ACCEPT' >${FOLDER}/50-prove.v4
echo '-A INPUT -p tcp --dport ${PORT} -j ACCEPT' >${FOLDER}/50-prove.v6
echo '-A INPUT -p tcp --dport ${NEIGHBOUR} --no-such-thing -j ACCEPT' >${FOLDER}/40-broken.v4
chmod 644 ${FOLDER}/*; systemctl reload caisson-firewall || true`,
    );
    return JSON.stringify(await look(subject));
  },
  prove: async subject => {
    const before = JSON.parse(subject.before) as Seen;
    const after = await look(subject);
    const warned = subject.machine.console.some(
      line => line.includes('caisson: WARNING') && line.includes('40-broken'),
    );
    await ask(
      subject.machine,
      `rm -f ${FOLDER}/50-prove.v4 ${FOLDER}/50-prove.v6 ${FOLDER}/40-broken.v4; systemctl reload caisson-firewall || true`,
    );
    return [
      fact(
        before.v4 === 'refused' && before.v6 === 'refused',
        `after the reload tcp/${PORT}: ${before.v4} (IPv4), ${before.v6} (IPv6)`,
      ),
      fact(after.v4 === 'refused' && after.v6 === 'refused', `after the reboot: ${after.v4}, ${after.v6}`),
      fact(after.neighbour === 'no answer', `tcp/${NEIGHBOUR} of the broken file: ${after.neighbour}`),
      fact(warned, `the broken file is ${warned ? 'told' : 'NOT told'} on the console`),
    ];
  },
});

type Answer = 'open' | 'refused' | 'no answer';
interface Seen {
  v4: Answer;
  v6: Answer;
  neighbour: Answer;
}

/** Nothing listens there: who is let in is refused. */
async function look(subject: Subject): Promise<Seen> {
  const outside = outsideOf(subject);
  const { v4, v6 } = await outside.take();
  return {
    v4: await outside.tcp({ source: v4, target: outside.guest4, port: PORT, seconds: 3 }),
    v6: await outside.tcp({ source: v6, target: outside.guest6, port: PORT, seconds: 3 }),
    neighbour: await outside.tcp({ source: v4, target: outside.guest4, port: NEIGHBOUR, seconds: 3 }),
  };
}
