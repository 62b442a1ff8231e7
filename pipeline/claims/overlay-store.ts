import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import { mountAt, readStorage } from './storage.ts';

export const overlayStore = claim({
  name: 'overlay-store',
  promise: ({ overlays }) =>
    `The store of the overlays is seen at /var${overlays?.store ?? ''}: read-only, and by root alone.`,
  tried: 'its mount and mode; as root a write; as another user a look',
  applies: ({ overlays }) => overlays !== null,
  prove: async ({ machine, declaration }) => {
    const place = `/var${declaration.overlays?.store ?? ''}`;
    const { options } = mountAt(await readStorage(machine), place);
    const answers = await ask(
      machine,
      `place=${quoted(place)}
tell mode stat -c '%a %U' "$place"
ends write touch "$place/caisson-was-here"
ends look setpriv --reuid=65534 --regid=65534 --clear-groups ls "$place"
tell holds ls "$place"`,
    );
    const [write, look] = [endOf(answers.one('write')), endOf(answers.one('look'))];
    return [
      fact(options.includes('ro'), `${place} is mounted ${options.join(',')}`),
      fact(answers.one('mode') === '700 root', `mode and owner ${answers.one('mode')}`),
      fact(write.code !== 0, `root writes: ${write.code === 0 ? 'SUCCEEDED' : write.text}`),
      fact(look.code !== 0, `another user looks: ${look.code === 0 ? 'SUCCEEDED' : look.text}`),
      fact(answers.one('holds') !== '', `it holds ${answers.one('holds').replaceAll(';', ', ')}`),
    ];
  },
});
