/** A new layout, manifest or overlay tree. */
import { mappingAt } from '../../config/paths.ts';
import type { DocumentKey } from '../../formats/document-key.ts';
import type { Start } from '../../report/start.ts';

const CHOICE = 'A line that begins with "#" and a key is an example: take the "#" away and change it.';

/** Written out: a layout extends nothing. `base`: what one says that fits the usual steps. */
export function startLayout(name: string, base: { name: string; value: unknown }, keys: readonly DocumentKey[]): Start {
  const { name: _, ...said } = mappingAt(base.value, []);
  return {
    head: [
      `The disk "${name}", begun as ${base.name}: \`caisson show ${name}\` draws it.`,
      `Its partitions must have room for what the steps of an image make. \`caisson explain KEY\` tells more. ${CHOICE}`,
    ],
    written: said,
    offered: examplesOf(keys, ['sectorSize', 'alignment', 'size']),
    told: ['partitions'],
  };
}

export function startManifest(name: string, base: string, keys: readonly DocumentKey[]): Start {
  return {
    head: [
      `The packages "${name}": those of ${base}, and what stands here. Lists are joined with those of ${base}.`,
      `${CHOICE} \`caisson explain KEY\` tells more.`,
    ],
    written: { extends: base, packages: [] },
    offered: examplesOf(keys, ['exclude', 'remove', 'users', 'groups', 'units', 'modules', 'setuid', 'features']),
    told: [],
  };
}

/** `file`: path of the first file in the root file system. */
export function startOverlay(name: string, file: string, keys: readonly DocumentKey[]): Start {
  return {
    head: [
      `The files "${name}": each file of this folder lands at its path in the root file system, but for this one.`,
      `Here stands what git does not keep. ${CHOICE}`,
    ],
    written: { entries: { [file]: { mode: '0640', owner: '0:0' } } },
    offered: examplesOf(keys, ['defaults']),
    told: [],
  };
}

/** Each with its example, else its default. */
function examplesOf(keys: readonly DocumentKey[], wanted: readonly string[]): Record<string, string[]> {
  const found = keys.filter(key => wanted.includes(key.path));
  return Object.fromEntries(found.map(key => [key.path, [`${key.path}: ${key.examples[0] ?? key.leftOut}`]]));
}
