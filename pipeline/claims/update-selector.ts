/** The selector comes with an update too: each copy of it is replaced, the state stays. */
import type { Declaration } from '../formats/declaration.ts';
import { ask, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import { takesUpdates } from './updates.ts';

/** Of a FAT12 or FAT16, where our small partitions have it (MS FAT specification 1.03, 3.2: BS_VolID), and that of the good bundle. */
export const SERIAL_OFFSET = 39;
export const SELECTOR_SERIAL = Uint8Array.of(0x43, 0x50, 0x52, 0x56);

const SERIAL = Buffer.from(SELECTOR_SERIAL).toString('hex');

export const updateSelector = claim({
  name: 'update-selector',
  promise: () => 'An update brings a new selector to every partition that holds one, and keeps its state.',
  tried: 'a bundle with a selector whose file system has another serial number; install, reboot by it',
  scenario: 'updated',
  applies: takesUpdates,
  prove: async ({ machine, declaration }) => {
    const names = fats(declaration);
    const answers = await ask(
      machine,
      `${names.map(name => `say ${quoted(name)} "$(dd if=/dev/caisson/${quoted(name)} bs=1 skip=${SERIAL_OFFSET} count=4 status=none | od -An -tx1 | tr -d ' ')"`).join('\n')}
say holders "$(. /usr/lib/caisson/guest.conf; echo $selector_partitions)"
tell state /usr/lib/caisson/grubenv get`,
    );
    const holders = answers.one('holders').split(' ').filter(Boolean);
    const state = answers.one('state').split(';');
    return [
      fact(holders.length > 1, `${holders.length} partitions hold a selector: ${holders.join(', ')}`),
      ...holders.map(name =>
        fact(
          answers.one(name) === SERIAL,
          `${name} has ${answers.one(name) === SERIAL ? 'the new one' : 'the OLD one'}`,
        ),
      ),
      fact(
        state.includes('ORDER=B A'),
        `the state says ${state.find(each => each.startsWith('ORDER=')) ?? 'no order'}`,
      ),
    ];
  },
});

function fats({ partitions }: Declaration): string[] {
  return partitions.filter(each => each.slot !== null && each.filesystem === 'vfat').map(each => each.name);
}
