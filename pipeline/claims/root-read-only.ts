import { ask, endOf } from './ask.ts';
import { claim, fact } from './claim.ts';
import { mountAt, readStorage } from './storage.ts';

const SCRIPT = String.raw`
ends touch touch /caisson-was-here
ends remount mount -o remount,rw /
ends after touch /caisson-was-here
rm -f /caisson-was-here 2>/dev/null || true`;

export const rootReadOnly = claim({
  name: 'root-read-only',
  promise: () => 'The root file system is read-only and cannot be made writable.',
  tried: 'as root: a file in /, remounting read-write, a file again',
  prove: async ({ machine, declaration }) => {
    const filesystem = declaration.partitions.find(each => each.mount === '/')?.filesystem ?? null;
    const { type, source, options } = mountAt(await readStorage(machine), '/');
    const answers = await ask(machine, SCRIPT);
    const [touch, remount, after] = ['touch', 'remount', 'after'].map(each => endOf(answers.one(each)));
    return [
      fact(options.includes('ro'), `/ is ${type} from ${source}, ${options.includes('ro') ? 'ro' : options.join(',')}`),
      ...(filesystem === null ? [] : [fact(type === filesystem, `declared as ${filesystem}`)]),
      fact(touch?.code !== 0, `touch: ${touch?.text || 'succeeded'}`),
      fact(remount?.code !== 0 || after?.code !== 0, `remount,rw: ${remount?.text || 'succeeded'}`),
      fact(after?.code !== 0, `touch after it: ${after?.text || 'succeeded'}`),
    ];
  },
});
