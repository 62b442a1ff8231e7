import type { Declaration } from '../formats/declaration.ts';
import { ask, endOf } from './ask.ts';
import { claim, fact } from './claim.ts';
import { isEnforced } from './enforced.ts';

const MARK = '/run/caisson-hostile';
/** Where the file leads that init would write on Data. */
const LED = '/run/caisson-led';
const UNIT = `[Unit]
Description=Planted on Data
[Service]
Type=oneshot
ExecStart=/bin/sh -c ': >${MARK}'
RemainAfterExit=yes
[Install]
WantedBy=multi-user.target
`;

/** In /etc, as somebody who can write to Data would like it: path -> text, or where a link leads. */
const HOSTILE: Readonly<Record<string, { text: string } | { target: string }>> = {
  'systemd/system/caisson-hostile.service': { text: UNIT },
  'systemd/system/multi-user.target.wants/caisson-hostile.service': { target: '../caisson-hostile.service' },
  'ld.so.preload': { text: '/var/lib/caisson-hostile.so\n' },
  'sudoers.d/caisson-hostile': { text: 'nobody ALL=(ALL:ALL) NOPASSWD: ALL\n' },
  'ssh/sshd_config.d/00-caisson-hostile.conf': { text: 'PermitRootLogin yes\nPasswordAuthentication yes\n' },
  passwd: { text: 'root::0:0:root:/root:/bin/sh\nhostile::0:0::/:/bin/sh\n' },
};

/** What is planted on Data for the scenario `attacked`: in each place where an /etc of its own could be taken from. */
export function hostileFiles({ overlays }: Declaration): Record<string, { text: string } | { target: string }> {
  const store = overlays?.store ?? '';
  const places = [`${store}/etc/upper`, `${store}/etc`, '/etc', '/.caisson/etc'];
  const planted = places.flatMap(place =>
    Object.entries(HOSTILE).map(([name, file]) => [`${place}/${name}`, file] as const),
  );
  return { ...Object.fromEntries(planted), '/.caisson/reserve': { target: LED } };
}

const SCRIPT = `ends mark test -e ${MARK}
ends led test -e ${LED}
ends unit systemctl cat caisson-hostile.service
ends preload test -e /etc/ld.so.preload
ends sudoers test -e /etc/sudoers.d/caisson-hostile
ends sudo sudo -n -l -U nobody
ends passwd grep -q '^hostile:' /etc/passwd
ends sshd test -e /etc/ssh/sshd_config.d/00-caisson-hostile.conf
tell config sshd -T`;

export const hostileData = claim({
  name: 'hostile-data',
  promise: () =>
    'Units, sudoers, ld.so.preload, accounts and settings of SSH that were planted on Data do nothing, and nothing is written where a link there leads.',
  tried:
    'planted before the first boot, where the overlay of /etc has its upper layer, and a link where init makes a file; looked for in /etc, /run, systemd, sudo and sshd',
  scenario: 'attacked',
  applies: declaration =>
    isEnforced(declaration) &&
    (declaration.overlays?.entries ?? []).some(each => each.path === '/etc' && each.mode === 'declared'),
  prove: async ({ machine }) => {
    const answers = await ask(machine, SCRIPT);
    const absent = (key: string, what: string) => {
      const { code } = endOf(answers.one(key));
      const seen = code === 0 ? 'TAKES EFFECT' : `not looked for (exit code ${code})`;
      return fact(code === 1, `${what}: ${code === 1 ? 'not there' : seen}`);
    };
    const config = answers.one('config').toLowerCase();
    return [
      absent('mark', 'what the unit makes'),
      absent('led', 'what init would make by a link'),
      absent('unit', 'the unit'),
      absent('preload', 'ld.so.preload'),
      absent('sudoers', 'the sudoers file'),
      fact(!/may run the following/.test(answers.one('sudo')), 'nobody may use sudo'),
      absent('passwd', 'the account'),
      absent('sshd', 'the settings of sshd'),
      fact(/permitrootlogin no/.test(config), 'sshd lets no root in'),
      fact(/passwordauthentication no/.test(config), 'sshd takes no password'),
    ];
  },
});
