/** Keys by what a person calls them. Pure. */
import type { DocumentKey } from '../formats/document-key.ts';
import { nearest } from './nearest.ts';

/**
 * Keys that `wanted` may mean: a whole path, with its kind in front or not (`layout.partitions.size`), or the end of one
 * (`reserve`). Places in lists do not count, and `options` of a step may be left out: `uki.cmdline`, `stages[2].options.cmdline`.
 */
export function findKeys(keys: readonly DocumentKey[], wanted: string): DocumentKey[] {
  const name = wanted.replaceAll(/\[[^\]]*\]/g, '');
  const ending = keys.filter(key => spellings(key).some(each => `.${each}`.endsWith(`.${name}`)));
  const whole = ending.filter(key => spellings(key).includes(name));
  // One word is the name of keys at several places; the one at the top can be asked for by its kind.
  return name.includes('.') && whole.length > 0 ? whole : ending;
}

/** What was probably meant; null when nothing is like it. */
export function nearestKey(keys: readonly DocumentKey[], wanted: string): string | null {
  const names = keys.flatMap(key => [...spellings(key), key.path.split('.').at(-1) ?? '']);
  return nearest(wanted, names) ?? nearest(wanted.split('.').at(-1) ?? '', names);
}

function spellings({ kind, path }: DocumentKey): string[] {
  const named = path.replaceAll('.*', '');
  const ofStage = /^stages\.([^.]+)\.options\.(.+)$/.exec(path);
  const short = ofStage === null ? [] : [`stages.${ofStage[1]}.${ofStage[2]}`, `stages.options.${ofStage[2]}`];
  const all = [...new Set([path, named, ...short])];
  return [...all, ...all.map(each => `${kind}.${each}`)];
}
