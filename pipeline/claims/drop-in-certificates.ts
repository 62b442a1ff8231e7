import { ask, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import { keepsChanges } from './log-partition.ts';

const FOLDER = '/var/lib/caisson/ca-certificates';
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/** A certificate that nobody has the key of any more, valid until 2053. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBpDCCAUugAwIBAgIUaFJ2CVwn9VtSCzgk87yfTVmdbl0wCgYIKoZIzj0EAwIw
JzElMCMGA1UEAwwcQ2Fpc3NvbiBwcm92ZSwgbm90IGEgcmVhbCBDQTAgFw0yNjEx
MjMxOTU1MTVaGA8yMDU0MDQxMDE5NTUxNVowJzElMCMGA1UEAwwcQ2Fpc3NvbiBw
cm92ZSwgbm90IGEgcmVhbCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGsS
ZQtzdjkz3TD+Rr3Wa3dzgqKpzTkDhQx7kO9HszjEPIaERJX3kd6ecih1+yMAT2vz
9u6pFCDhkhER/yGM9KSjUzBRMB0GA1UdDgQWBBTewHpp/8fM7YzQQmpTMjHtHou/
zDAfBgNVHSMEGDAWgBTewHpp/8fM7YzQQmpTMjHtHou/zDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCICTqvK6FmJYmWUBbt5q4iZH7Vtdf3sxKX3hx
zjyJ02/ZAiBxrUjg0K7oK0GVlr2n3GOwkTcOQU2OlbSk9DEkH/gUJQ==
-----END CERTIFICATE-----
`;

export const dropInCertificates = claim({
  name: 'drop-in-certificates',
  promise: () => `CA certificates put into ${FOLDER} are trusted after a reboot.`,
  tried: 'a certificate put there, reboot, looked for in the bundle that TLS programs read',
  scenario: 'rebooted',
  applies: keepsChanges,
  prepare: async ({ machine }) => {
    await ask(
      machine,
      `mkdir -p ${FOLDER}; printf '%s' ${quoted(CERTIFICATE)} >${FOLDER}/prove.crt; chmod 644 ${FOLDER}/prove.crt; sync`,
    );
    return '';
  },
  prove: async ({ machine }) => {
    const line = CERTIFICATE.split('\n')[2] ?? '';
    const answers = await ask(
      machine,
      `say there "$(grep -c -F ${quoted(line)} ${BUNDLE})"
say all "$(grep -c BEGIN ${BUNDLE})"
rm -f ${FOLDER}/prove.crt`,
    );
    return [
      fact(Number(answers.one('there')) === 1, `${BUNDLE} ${answers.one('there') === '1' ? 'has it' : 'has it NOT'}`),
      fact(Number(answers.one('all')) > 50, `${answers.one('all')} certificates in all`),
    ];
  },
});
