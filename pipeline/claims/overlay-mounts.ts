import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';
import { flagFacts } from './flags.ts';
import { blockOf, mountAt, readStorage } from './storage.ts';

export const overlayMounts = claim({
  name: 'overlay-mounts',
  promise: ({ overlays }) =>
    `${(overlays?.entries ?? []).map(each => each.path).join(', ')} are overlay mounts with the flags declared, ${overlays?.content === '' ? 'kept in memory' : `stored in ${overlays?.store ?? ''} of ${overlays?.content ?? ''}`}.`,
  tried: 'mount table of the kernel; a write to each',
  applies: ({ overlays }) => (overlays?.entries.length ?? 0) > 0,
  prove: async ({ machine, declaration }) => {
    const { overlays, partitions } = declaration;
    if (overlays === null) return [];
    const storage = await readStorage(machine);
    const writes = overlays.entries.map(
      ({ path }, index) => `ends ${index} sh -c ': >"$1" && rm "$1"' sh ${quoted(`${path}/caisson-prove-write`)}`,
    );
    const answers = await ask(machine, writes.join('\n'));
    const names = partitions.filter(each => each.content === overlays.content).map(each => each.name);
    const shown = mountAt(storage, `/var${overlays.store}`);
    const stores = storage.mounts.filter(each => names.includes(blockOf(storage, each)?.name ?? ''));
    return overlays.entries.flatMap(({ path, mode, flags }, index) => {
      const mount = mountAt(storage, path);
      const upper = mount.superOptions.find(each => each.startsWith('upperdir='))?.slice('upperdir='.length) ?? '';
      const written = endOf(answers.one(String(index)));
      return [
        fact(mount.type === 'overlay', `${path} is ${mount.type}`),
        ...flagFacts(mount, flags),
        fact(written.code === 0, `${path}: a write ${written.code === 0 ? 'works' : written.text}`),
        ...(mode === 'full'
          ? [fact(upper.includes(`${overlays.store}/`), `its upper layer is ${upper || 'unknown'}`)]
          : []),
        overlays.content === ''
          ? fact(shown.type === 'tmpfs', `the store is on ${shown.type}`)
          : fact(stores.length > 0, `the store is ${stores.length > 0 ? '' : 'NOT '}on ${names.join(', ')}`),
      ];
    });
  },
});
