/** Which claims are tried on an image: what it declares decides, and `--only`. Pure. */
import { SCENARIOS, type Claim, type Scenario } from '../../claims/claim.ts';
import { listed, nearest } from '../../config/nearest.ts';
import type { Declaration } from '../../formats/declaration.ts';
import { UsageFault } from '../context.ts';

/** `only` empty: all that apply, in the order of the list. Throws UsageFault for a name that is none, or not of this image. */
export function pickClaims(all: readonly Claim[], declaration: Declaration, only: readonly string[]): Claim[] {
  const names = all.map(each => each.name);
  const fitting = all.filter(each => each.applies(declaration));
  for (const name of only) {
    if (!names.includes(name)) throw unknownClaim(name, names);
    if (!fitting.some(each => each.name === name))
      throw new UsageFault(
        `${declaration.image} does not promise "${name}": its definition declares nothing of the kind`,
        'caisson prove IMAGE --list shows what it promises',
      );
  }
  return only.length === 0 ? fitting : fitting.filter(each => only.includes(each.name));
}

/** The states that must be reached, in order, for these claims: with those that lead there. */
export function neededScenarios(claims: readonly Claim[]): Scenario[] {
  const wanted = new Set(claims.map(each => each.scenario));
  const first = claims.some(
    each =>
      ['rebooted', 'full', 'unreadable'].includes(each.scenario) ||
      (each.scenario === 'other' && each.prepare !== null),
  );
  if (first) wanted.add('first');
  if (wanted.has('grown')) wanted.add('other');
  if (AFTER_AN_UPDATE.some(each => wanted.has(each))) wanted.add('updated');
  if (wanted.has('updated')) wanted.add('updating');
  return SCENARIOS.filter(each => wanted.has(each));
}

/** Each begins on slot B, and the first two end there. */
const AFTER_AN_UPDATE: readonly Scenario[] = ['damaged-update', 'unhealthy-update', 'returned'];

function unknownClaim(name: string, names: readonly string[]): UsageFault {
  const near = nearest(name, names);
  return new UsageFault(
    `no claim "${name}"`,
    near === null ? `there are ${listed(names)}` : `did you mean "${near}"? caisson prove IMAGE --list shows all`,
  );
}
