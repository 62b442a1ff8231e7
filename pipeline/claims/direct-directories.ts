import type { ProvenFact } from '../formats/proof.ts';
import { ask, endOf, quoted } from './ask.ts';
import { claim, fact, type Subject } from './claim.ts';
import { flagFacts } from './flags.ts';
import { blockOf, mountAt, readStorage } from './storage.ts';

/** What a container engine does: layers in the directory, an overlay of them, a program run from it. */
const SCRIPT = String.raw`
work=$place/caisson-prove
rm -rf "$work"; mkdir -p "$work/lower" "$work/upper" "$work/work" "$work/merged" "$work/plain"
cp /usr/bin/true "$work/plain/program"; cp /usr/bin/true "$work/lower/program"
ends plain "$work/plain/program"
ends overlay mount -t overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/work" overlay "$work/merged"
ends write sh -c 'echo layered >"$1/merged/file" && cat "$1/upper/file"' sh "$work"
ends nested "$work/merged/program"
umount "$work/merged"; rm -rf "$work"`;

export const directDirectories = claim({
  name: 'direct-directories',
  promise: ({ overlays }) =>
    `${(overlays?.direct ?? []).map(each => each.path).join(', ')} take a nested overlay, and programs run there unless noexec is declared.`,
  tried: 'in each: an overlay with upper and work in it, a program from a plain folder and from that overlay',
  applies: ({ overlays }) => (overlays?.direct.length ?? 0) > 0,
  prove: async subject => {
    const facts: ProvenFact[] = [];
    for (const each of subject.declaration.overlays?.direct ?? []) facts.push(...(await tryOne(subject, each)));
    return facts;
  },
});

async function tryOne(
  { machine, declaration }: Subject,
  { path, content, flags }: { path: string; content: string; flags: string[] },
): Promise<ProvenFact[]> {
  const storage = await readStorage(machine);
  const mount = mountAt(storage, path);
  const names = declaration.partitions.filter(each => each.content === content).map(each => each.name);
  const name = blockOf(storage, mount)?.name ?? mount.source;
  const answers = await ask(machine, `place=${quoted(path)}${SCRIPT}`);
  const [plain, overlay, write, nested] = ['plain', 'overlay', 'write', 'nested'].map(key => endOf(answers.one(key)));
  const runs = !flags.includes('noexec');
  const ran = (code: number | undefined): string => (code === 0 ? 'runs' : 'does not run');
  return [
    fact(names.includes(name), `${path} comes from ${name}`),
    ...flagFacts(mount, flags),
    fact(
      overlay?.code === 0 && write?.code === 0,
      `${path}: a nested overlay ${overlay?.code === 0 ? 'mounts' : (overlay?.text ?? '')}`,
    ),
    fact((plain?.code === 0) === runs, `${path}: a program ${ran(plain?.code)}, ${runs ? '' : 'no'}exec is declared`),
    ...(overlay?.code === 0 && runs
      ? [fact(nested?.code === 0, `${path}: from the overlay it ${ran(nested?.code)}`)]
      : []),
  ];
}
