import { ask, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import type { Declaration } from '../formats/declaration.ts';
import { keepsChanges } from './log-partition.ts';

const MARK = 'caisson-prove-kept';

export const overlaysPersist = claim({
  name: 'overlays-persist',
  promise: declaration => `What is written to ${pathsOf(declaration).join(', ')} is there after a reboot.`,
  tried: 'a file with a random word written into each, reboot, read again',
  scenario: 'rebooted',
  applies: declaration => pathsOf(declaration).length > 0 && keepsChanges(declaration),
  prepare: async ({ machine, declaration }) => {
    const word = crypto.randomUUID();
    const writes = pathsOf(declaration).map(path => `printf '%s' ${word} >${quoted(`${path}/${MARK}`)}`);
    await ask(machine, `${writes.join('\n')}\nsync`);
    return word;
  },
  prove: async ({ machine, declaration, before }) => {
    const paths = pathsOf(declaration);
    const reads = paths.map((path, index) => `tell ${index} cat ${quoted(`${path}/${MARK}`)}`);
    const removals = paths.map(path => `rm -f ${quoted(`${path}/${MARK}`)}`);
    const answers = await ask(machine, [...reads, ...removals].join('\n'));
    return paths.map((path, index) => {
      const said = answers.one(String(index));
      return fact(said === before, `${path}: ${said === before ? 'the word is there' : said || 'the file is empty'}`);
    });
  },
});

function pathsOf({ overlays }: Declaration): string[] {
  return (overlays?.entries ?? []).filter(each => each.mode === 'full').map(each => each.path);
}
