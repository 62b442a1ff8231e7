import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import { keepsChanges } from './log-partition.ts';

const FOLDER = '/var/lib/caisson/ntp.d';
/** Of TEST-NET-1 (RFC 5737): nobody answers there. */
const SERVER = '192.0.2.123';

export const dropInTime = claim({
  name: 'drop-in-time',
  promise: () => `Time servers put into ${FOLDER} are used after a reboot.`,
  tried: 'a server put there, reboot, chronyd asked for its sources',
  scenario: 'rebooted',
  applies: keepsChanges,
  prepare: async ({ machine }) => {
    await ask(
      machine,
      `mkdir -p -m 755 ${FOLDER}; echo 'server ${SERVER} iburst' >${FOLDER}/prove.sources; chmod 644 ${FOLDER}/prove.sources; sync`,
    );
    return '';
  },
  prove: async ({ machine }) => {
    const answers = await ask(machine, `say sources "$(chronyc -n sources 2>&1)"; rm -f ${FOLDER}/prove.sources`);
    const line = answers
      .one('sources')
      .split(';')
      .find(each => each.includes(SERVER));
    return [
      fact(
        line !== undefined,
        line === undefined
          ? `chronyd does not know ${SERVER}: ${answers.one('sources').slice(0, 80)}`
          : `chronyd: ${line.trim()}`,
      ),
    ];
  },
});
