import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import { logPartition } from './log-partition.ts';
import { blockOf, mountAt, readStorage } from './storage.ts';

export const journalKept = claim({
  name: 'journal-kept',
  promise: declaration =>
    `The journal is on ${logPartition(declaration)?.name ?? ''} and keeps the messages of earlier boots.`,
  tried: 'a message logged, reboot, read from the journal of the boot before; the file that holds it looked for',
  scenario: 'rebooted',
  applies: declaration => logPartition(declaration) !== null,
  prepare: async ({ machine }) => {
    const word = crypto.randomUUID();
    await ask(machine, `echo ${word} | systemd-cat --identifier=caisson-prove; journalctl --sync`);
    return word;
  },
  prove: async ({ machine, declaration, before }) => {
    const partition = logPartition(declaration);
    const storage = await readStorage(machine);
    const answers = await ask(
      machine,
      `tell found journalctl --boot=-1 --identifier=caisson-prove --output=cat --no-pager
tell boots sh -c 'journalctl --list-boots --no-pager | grep -c .'
say folder "$(readlink -f /var/log/journal/$(cat /etc/machine-id))"
say device "$(stat -c '%Hd:%Ld' "$(readlink -f /var/log/journal/$(cat /etc/machine-id))")"
say files "$(ls /var/log/journal/$(cat /etc/machine-id) | grep -c 'journal$')"`,
    );
    const mount = mountAt(storage, partition?.mount ?? '');
    const holder = storage.blocks.find(each => each.device === answers.one('device'))?.name ?? 'no partition';
    const kept = answers.one('found').split(';').includes(before);
    return [
      fact(
        blockOf(storage, mount)?.name === partition?.name,
        `${partition?.name ?? ''} is mounted at ${partition?.mount ?? ''}`,
      ),
      fact(
        holder === partition?.name,
        `${answers.one('folder')} is on ${holder}, ${answers.one('files')} journal files`,
      ),
      fact(
        kept,
        kept ? 'the message of the boot before is there' : `the boot before has: ${answers.one('found').slice(0, 80)}`,
      ),
      fact(Number(answers.one('boots')) >= 2, `the journal knows ${answers.one('boots')} boots`),
    ];
  },
});
