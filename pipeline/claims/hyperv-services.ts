import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';

/** The host writes into the guest through these: kvp tells and takes values, fcopy takes files. */
export const hypervServices = claim({
  name: 'hyperv-services',
  promise: ({ features }) => `Of Hyper-V's guest services KVP is ${features.kvp}, and file copy is absent.`,
  tried: 'daemons looked for; the drivers that every guest needs looked for',
  prove: async ({ machine, declaration }) => {
    const answers = await ask(
      machine,
      String.raw`
say kvp "$(find /usr -xdev -name 'hv_kvp_daemon' -type f | head -n 1)"
say fcopy "$(find /usr -xdev \( -name 'hv_fcopy_daemon' -o -name 'hv_fcopy_uio_daemon' \) -type f | head -n 1)"
for each in hv_vmbus hv_storvsc hv_netvsc hv_utils hv_sock; do modinfo "$each" >/dev/null 2>&1 && say driver "$each" || say missing "$each"; done`,
    );
    const [kvp, fcopy] = [answers.one('kvp'), answers.one('fcopy')];
    return [
      fact((kvp !== '') === (declaration.features.kvp === 'on'), `KVP: ${kvp || 'absent'}`),
      fact(fcopy === '', `file copy: ${fcopy || 'absent'}`),
      fact(
        answers.all('missing').length === 0,
        `drivers: ${answers.all('driver').join(', ')}${answers.all('missing').length === 0 ? '' : `; MISSING: ${answers.all('missing').join(', ')}`}`,
      ),
    ];
  },
});
