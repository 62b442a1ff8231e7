import type { Declaration, DeclaredPartition } from '../formats/declaration.ts';
import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import { flagFacts } from './flags.ts';
import { blockOf, mountAt, readStorage } from './storage.ts';

export const mountFlags = claim({
  name: 'mount-flags',
  promise: declaration =>
    `${mounted(declaration)
      .map(each => `${each.name} (${each.mount})`)
      .join(', ')} are mounted as declared.`,
  tried: 'mount table of the kernel; where noexec is declared and writing is possible, a program started from there',
  applies: declaration => mounted(declaration).length > 0,
  prove: async ({ machine, declaration }) => {
    const storage = await readStorage(machine);
    const places = mounted(declaration);
    const noexec = places.filter(
      each => each.mountFlags.includes('noexec') && !each.mountFlags.includes('ro') && each.filesystem === 'ext4',
    );
    const answers = await ask(
      machine,
      noexec
        .map(
          (each, index) =>
            `program=${quoted(`${each.mount}/caisson-prove-program`)}; cp /usr/bin/true "$program"; ends ${index} "$program"; rm -f "$program"`,
        )
        .join('\n'),
    );
    return [
      ...places.flatMap(place => {
        const mount = mountAt(storage, place.mount);
        const name = blockOf(storage, mount)?.name ?? mount.source;
        const twins = declaration.partitions.filter(each => each.content === place.content).map(each => each.name);
        return [fact(twins.includes(name), `${place.mount} is ${name}`), ...flagFacts(mount, place.mountFlags)];
      }),
      ...noexec.map((each, index) => {
        const { code } = endOf(answers.one(String(index)));
        return fact(
          code === 126,
          `a program on ${each.mount} ${code === 126 ? 'is not executed' : `ended with ${code}`}`,
        );
      }),
    ];
  },
});

/** The root has a claim of its own; of two slots the booted one is mounted. */
function mounted({ partitions }: Declaration): DeclaredPartition[] {
  return partitions.filter(each => each.mount !== '' && each.mount !== '/' && each.slot !== 'B');
}
