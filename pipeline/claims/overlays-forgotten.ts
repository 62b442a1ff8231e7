import { ask, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import type { Declaration } from '../formats/declaration.ts';
import { keepsChanges } from './log-partition.ts';

const MARK = 'caisson-prove-forgotten';

export const overlaysForgotten = claim({
  name: 'overlays-forgotten',
  promise: declaration => `What is written to ${pathsOf(declaration).join(', ')} is gone after a reboot.`,
  tried: 'a file written into each and read, reboot, looked for again',
  scenario: 'rebooted',
  applies: declaration => pathsOf(declaration).length > 0 && !keepsChanges(declaration),
  prepare: async ({ machine, declaration }) => {
    const answers = await ask(
      machine,
      eachPath(declaration, 'echo 1 >"$path"; sync; [ -e "$path" ] && say written "$path"'),
    );
    return String(answers.all('written').length);
  },
  prove: async ({ machine, declaration, before }) => {
    const paths = pathsOf(declaration);
    const answers = await ask(machine, eachPath(declaration, '[ -e "$path" ] && say kept "$path"'));
    const kept = answers.all('kept');
    return [
      fact(before === String(paths.length), `before the reboot a file was written to ${before} of ${paths.length}`),
      fact(kept.length === 0, kept.length === 0 ? 'after it none is there' : `STILL there: ${kept.join(', ')}`),
    ];
  },
});

function eachPath(declaration: Declaration, commands: string): string {
  const files = pathsOf(declaration).map(path => quoted(`${path}/${MARK}`));
  return `for path in ${files.join(' ')}; do ${commands}; done\n:`;
}

function pathsOf({ overlays }: Declaration): string[] {
  return (overlays?.entries ?? []).map(each => each.path);
}
