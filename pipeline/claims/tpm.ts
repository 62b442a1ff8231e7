import { ask, endOf } from './ask.ts';
import { claim, fact } from './claim.ts';

const SCRIPT = String.raw`
say devices "$(ls /dev/tpm* 2>/dev/null | tr '\n' ' ')"
say group "$(stat -c %G /dev/tpmrm0 2>/dev/null)"
say mode "$(stat -c %a /dev/tpmrm0 2>/dev/null)"
say tools "$(command -v tpm2_getrandom tpm2 tpm2_pcrread | head -n 1)"
ends random sh -c 'tpm2_getrandom --hex 8'
ends pcr sh -c 'tpm2_pcrread sha256:0'
say table "$(ls /sys/firmware/acpi/tables | grep -c -i TPM2)"
for each in tpm_tis tpm_crb tpm_vtpm_proxy tpm; do ends "load $each" modprobe "$each"; grep -q "^$each " /proc/modules && say loaded "$each"; done
true`;

/** The machine of this claim has a TPM 2.0, whatever the image says about it. */
export const tpmOn = claim({
  name: 'tpm-on',
  promise: () => 'The TPM of the machine can be used: device nodes, a group that may read, tools.',
  tried: 'machine with an emulated TPM 2.0: nodes, random numbers and PCR 0 from it',
  scenario: 'other',
  applies: ({ features }) => features.tpm === 'on',
  prove: async ({ machine }) => {
    const answers = await ask(machine, SCRIPT);
    const [random, pcr] = [endOf(answers.one('random')), endOf(answers.one('pcr'))];
    return [
      fact(answers.one('devices').includes('/dev/tpmrm0'), `nodes: ${answers.one('devices') || 'none'}`),
      fact(
        !['', 'root'].includes(answers.one('group')) && /6[046]0/.test(answers.one('mode')),
        `/dev/tpmrm0 belongs to group ${answers.one('group') || 'none'}, mode ${answers.one('mode') || 'none'}`,
      ),
      fact(random.code === 0 && /^[0-9a-f]{16}$/.test(random.text), `tpm2_getrandom: ${random.text}`),
      fact(pcr.code === 0, `tpm2_pcrread: ${pcr.text.replaceAll(';', ' ').slice(0, 60)}`),
    ];
  },
});

export const tpmOff = claim({
  name: 'tpm-off',
  promise: () => 'The TPM of the machine is out of reach: no driver loads, and there are no tools.',
  tried: 'machine with an emulated TPM 2.0: nodes and tools looked for, drivers asked for',
  scenario: 'other',
  applies: ({ features }) => features.tpm === 'off',
  prove: async ({ machine }) => {
    const answers = await ask(machine, SCRIPT);
    const loaded = answers.all('loaded').filter(each => each !== 'tpm');
    return [
      fact(
        answers.one('table') !== '0',
        `the firmware ${answers.one('table') === '0' ? 'tells of NO TPM' : 'tells of a TPM'}`,
      ),
      fact(answers.one('devices') === '', `nodes: ${answers.one('devices') || 'none'}`),
      fact(loaded.length === 0, `drivers loaded: ${loaded.join(', ') || 'none'}`),
      fact(answers.one('tools') === '', `tools: ${answers.one('tools') || 'none'}`),
    ];
  },
});
