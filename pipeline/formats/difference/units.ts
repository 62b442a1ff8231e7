/** What becomes of systemd units at a boot, by the links alone: systemd.unit(5), "Unit File Load Path". */
import type { ContentFile } from '../image-contents.ts';

export interface UnitState {
  /** `there`: it has a file, and nothing wants it. */
  state: 'enabled' | 'masked' | 'there' | 'absent';
  /** Units that want or require it, by name. */
  by: string[];
}

export interface UnitChange {
  unit: string;
  old: UnitState;
  new: UnitState;
}

const UNIT = String.raw`[^/]+\.(?:service|socket|target|timer|mount|automount|path|swap|slice)`;
const FILE = new RegExp(String.raw`^/(etc|usr/lib)/systemd/system/(${UNIT})$`);
const WANTED = new RegExp(String.raw`^/(?:etc|usr/lib)/systemd/system/([^/]+)\.(?:wants|requires|upholds)/(${UNIT})$`);
const NOWHERE = '/dev/null';

/** By name of the unit. Whether a file's text differs is no matter of this. */
export function compareUnits(before: readonly ContentFile[], after: readonly ContentFile[]): UnitChange[] {
  const [old, next] = [unitsOf(before), unitsOf(after)];
  return [...new Set([...old.keys(), ...next.keys()])].toSorted().flatMap(unit => {
    const change = { unit, old: old.get(unit) ?? ABSENT, new: next.get(unit) ?? ABSENT };
    return JSON.stringify(change.old) === JSON.stringify(change.new) ? [] : [change];
  });
}

const ABSENT: UnitState = { state: 'absent', by: [] };

function unitsOf(files: readonly ContentFile[]): Map<string, UnitState> {
  const units = new Map<string, { masked: boolean; own: boolean; by: Set<string> }>();
  const of = (unit: string): { masked: boolean; own: boolean; by: Set<string> } => {
    const known = units.get(unit) ?? { masked: false, own: false, by: new Set() };
    units.set(unit, known);
    return known;
  };
  for (const { path, type, target } of files) {
    if (type !== 'file' && type !== 'symlink') continue;
    const [, folder, name] = FILE.exec(path) ?? [];
    const [, by, wanted] = WANTED.exec(path) ?? [];
    if (name !== undefined && target === NOWHERE) of(name).masked = folder === 'etc' || of(name).masked;
    else if (name !== undefined) of(name).own = true;
    else if (by !== undefined && wanted !== undefined) of(wanted).by.add(by);
  }
  return new Map([...units].map(([unit, { masked, by }]) => [unit, stateOf(masked, [...by].toSorted())]));
}

/** A masked unit starts nothing, whoever wants it. */
function stateOf(masked: boolean, by: string[]): UnitState {
  if (masked) return { state: 'masked', by: [] };
  return by.length > 0 ? { state: 'enabled', by } : { state: 'there', by };
}
