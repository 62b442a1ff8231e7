import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import type { Declaration } from '../formats/declaration.ts';

const MARK = 'caisson-prove-planted';

export const overlaysDeclared = claim({
  name: 'overlays-declared',
  promise: declaration =>
    `Of ${pathsOf(declaration).join(', ')} only what is named survives a reboot: a planted file does not.`,
  tried: 'a file planted there and into its folder on the store, reboot, looked for',
  scenario: 'rebooted',
  applies: declaration => pathsOf(declaration).length > 0,
  prepare: async ({ machine, declaration }) => {
    const writes = pathsOf(declaration).map(path => `: >${quoted(`${path}/${MARK}`)} || true`);
    await ask(machine, `${writes.join('\n')}\nsync`);
    return '';
  },
  prove: async ({ machine, declaration }) => {
    const paths = pathsOf(declaration);
    const answers = await ask(
      machine,
      paths.map((path, index) => `ends ${index} test -e ${quoted(`${path}/${MARK}`)}`).join('\n'),
    );
    return paths.map((path, index) => {
      const { code } = endOf(answers.one(String(index)));
      return fact(code === 1, `${path}: the planted file is ${code === 1 ? 'gone' : 'STILL THERE'}`);
    });
  },
});

function pathsOf({ overlays }: Declaration): string[] {
  return (overlays?.entries ?? []).filter(each => each.mode === 'declared').map(each => each.path);
}
