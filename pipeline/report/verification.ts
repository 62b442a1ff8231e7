/** What `caisson verify` found, as a table of checks and, below it, of what was built again. Pure. */
import type { Verification } from '../formats/verification.ts';
import { painter, type Paint } from './paint.ts';
import { drawRebuild } from './rebuild.ts';
import { count, pad, plainText, truncate } from './text.ts';

export interface DrawOptions {
  /** Columns of the terminal; null without one. */
  width: number | null;
  color: boolean;
}

/** Lines joined by newlines, none at the end. Faults are never cut. */
export function drawVerification(found: Verification, { width, color }: DrawOptions): string {
  const paint = painter(color);
  const { folder, image, version, trust, checks, rebuild } = found;
  const names = Math.max(...checks.map(each => each.name.length));
  const lines = checks.flatMap(({ name, result, evidence, faults }) => {
    const mark = result === 'ok' ? paint('green', 'ok   ') : result === 'none' ? '-    ' : paint('red', 'FAULT');
    const room = width === null ? Infinity : width - names - 9;
    return [
      `${mark}  ${pad(name, names, 'left')}  ${truncate(plainText(evidence), room)}`.trimEnd(),
      ...faults.map(each => `         ${paint('red', plainText(each))}`),
    ];
  });
  const faults = checks.reduce((sum, each) => sum + each.faults.length, 0);
  const from = trust.from === 'definition' ? ', which the definition here names' : '';
  return [
    plainText(`${image} ${version} in ${folder}`),
    plainText(`trusted: ${trust.file}${from}; key ${trust.keyid}`),
    ...lines,
    ...(rebuild === null ? [] : drawRebuild(rebuild, paint)),
    verdict(found, faults, paint),
  ].join('\n');
}

function verdict({ checks, rebuild }: Verification, faults: number, paint: Paint): string {
  if (faults > 0) return paint('red', `REFUSED: ${count(faults, 'fault')}`);
  if (rebuild?.result === 'different') return paint('red', 'REFUSED: what is built here is not what was released');
  const again = { identical: ', and bit-identical when built again', unsigned: ', and the same up to the signatures' };
  const skipped = checks.filter(each => each.result === 'none').map(each => each.name);
  const without = skipped.length === 0 ? '' : `; it has no ${skipped.join(', ')}`;
  return paint('green', `the release is sound${rebuild === null ? '' : again[rebuild.result]}${without}`);
}
