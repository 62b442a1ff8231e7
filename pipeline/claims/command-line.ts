import { encodeLoadOption } from '../formats/load-option.ts';
import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import { fileOf, UKI } from './disk-parts.ts';
import { isEnforcedOnTwoSlots, runsFrom } from './enforced.ts';

const HOSTILE = [
  'init=/bin/sh',
  'caisson.verity=off',
  `caisson.roothash=${'00'.repeat(32)}`,
  'systemd.unit=rescue.target',
];

export const commandLine = claim({
  name: 'command-line',
  promise: () => 'Whatever starts the kernel image cannot change its command line: only what is signed counts.',
  tried: `a boot entry of the firmware that starts the kernel image with ${HOSTILE.join(' ')}`,
  scenario: 'damaged',
  applies: isEnforcedOnTwoSlots,
  // Nothing is damaged: it is the firmware that is told something else.
  damage: async () => [],
  prove: async ({ machine, image: { disk } }) => {
    await machine.connect(0);
    const { partition: name } = fileOf(disk, UKI, 'A');
    const partition = disk.partitions.find(each => each.name === name);
    if (partition === undefined) return [fact(false, `there is no ${name}`)];
    const entry = encodeLoadOption({
      title: 'hostile',
      partition,
      path: String.raw`\EFI\caisson\slot.efi`,
      // The stub takes the number of a profile first.
      options: ['@1', ...HOSTILE].join(' '),
    });
    await ask(
      machine,
      `cd /sys/firmware/efi/efivars
put() { printf '%s' "$2" | base64 -d | dd "of=$1-8be4df61-93ca-11d2-aa0d-00e098032b8c" bs=65536 iflag=fullblock status=none; }
put Boot0CA1 ${variable(entry)}
put BootNext ${variable(Uint8Array.of(0xa1, 0x0c))}`,
    );
    const from = machine.console.length;
    await machine.reboot();
    const answers = await ask(machine, 'say words "$(cat /proc/cmdline)"\nsay init "$(readlink /proc/1/exe)"');
    const words = answers.one('words').split(' ');
    const foreign = HOSTILE.filter(each => words.includes(each));
    const bySelector = machine.console.slice(from).some(line => /\bcaisson: slot [AB]$/.test(line));
    return [
      fact(
        !bySelector,
        bySelector ? 'the selector started it after all' : 'the firmware started the kernel image itself',
      ),
      fact(
        foreign.length === 0,
        foreign.length === 0 ? 'its command line is the one that is signed' : `FOREIGN: ${foreign.join(' ')}`,
      ),
      fact(answers.one('init').endsWith('/systemd'), `process 1 is ${answers.one('init')}`),
      ...(await runsFrom(machine, 'A')),
    ];
  },
});

/** As efivarfs takes it: attributes first (non-volatile, boot services, run time). */
function variable(value: Uint8Array): string {
  return Buffer.concat([Uint8Array.of(7, 0, 0, 0), value]).toString('base64');
}
