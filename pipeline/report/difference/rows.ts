/** Rows of what an image says of itself: packages, kernel, units, firewall, accounts. Pure. */
import { roundSize } from '../../formats/bytes.ts';
import type { Change, ImageDifference } from '../../formats/difference.ts';
import type { AccountChange } from '../../formats/difference/accounts.ts';
import type { SetuidChange } from '../../formats/difference/files.ts';
import type { FirewallChange } from '../../formats/difference/firewall.ts';
import type { WordChange } from '../../formats/difference/kernel.ts';
import type { PackageChange } from '../../formats/difference/packages.ts';
import type { UnitChange, UnitState } from '../../formats/difference/units.ts';
import type { Mark, Row } from './section.ts';

export function markOf({ old, new: next }: Change<unknown>): Mark {
  return old === null ? '+' : next === null ? '-' : '~';
}

export function packageRows(changes: readonly PackageChange[]): Row[] {
  return changes.map(each => ({
    mark: markOf(each),
    cells: [each.name, each.old ?? '', each.new ?? '', each.manifests.join(', ')],
  }));
}

/** What there is one of in an image; what is equal is left out. */
export function imageRows(image: ImageDifference): Row[] {
  const { container } = image;
  const rows: [string, Change<string>][] = [
    ['version', image.version],
    ['root hash', image.rootHash],
    ['verified boot', image.verifiedBoot],
    ['kernel', image.kernelRelease],
    ['container', each(container, ({ format }) => format)],
    ['disk', each(container, ({ size }) => roundSize(size))],
    ['file', each(container, ({ fileSize }) => roundSize(fileSize))],
  ];
  return rows
    .filter(([, { old, new: next }]) => old !== next)
    .map(([name, change]) => ({ mark: markOf(change), cells: [name, change.old ?? 'none', change.new ?? 'none'] }));
}

export function setuidRows(changes: readonly SetuidChange[]): Row[] {
  const text = (of: SetuidChange['old']): string => (of === null ? '' : `${octal(of.mode)} ${of.uid}:${of.gid}`);
  return changes.map(each => ({ mark: markOf(each), cells: [each.path, text(each.old), text(each.new)] }));
}

export function unitRows(changes: readonly UnitChange[]): Row[] {
  return changes.map(({ unit, old, new: next }) => ({
    mark: old.state === 'absent' ? '+' : next.state === 'absent' ? '-' : '~',
    cells: [unit, stateText(old), stateText(next)],
  }));
}

export function firewallRows(changes: readonly FirewallChange[]): Row[] {
  return changes.map(each => ({ mark: markOf(each), cells: [each.what, each.old ?? '', each.new ?? ''] }));
}

/** Root hash and offsets differ with every root: Image has the hash. */
const OF_EVERY_ROOT = ['caisson.roothash', 'caisson.hash_offset', 'caisson.fec_offset'];

export function wordRows(changes: readonly WordChange[]): Row[] {
  return changes
    .filter(({ word, old, new: next }) => old === null || next === null || !OF_EVERY_ROOT.includes(word))
    .map(each => {
      const profiles = each.profiles.filter(id => id !== '').join(', ');
      const text = (line: string | null): string => (line === null ? '' : each.word === '' ? 'the profile' : line);
      return { mark: markOf(each), cells: [text(each.old), text(each.new), profiles] };
    });
}

export function accountRows(changes: readonly AccountChange[]): Row[] {
  return changes.map(each => ({
    mark: markOf(each),
    cells: [each.kind === 'user' ? each.name : `group ${each.name}`, each.old ?? '', each.new ?? ''],
  }));
}

/** `0644` */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function each<T>(change: Change<T>, text: (of: T) => string): Change<string> {
  return {
    old: change.old === null ? null : text(change.old),
    new: change.new === null ? null : text(change.new),
  };
}

function stateText({ state, by }: UnitState): string {
  if (state === 'absent') return '';
  return by.length === 0 ? (state === 'there' ? 'not enabled' : state) : `${state} by ${by.join(', ')}`;
}
