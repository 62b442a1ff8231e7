/** Names with their values, one below the other, values wrapped and aligned. Pure. */
import { painter } from './paint.ts';
import { columnsOf, pad, plainText, wrapText } from './text.ts';

const INDENT = '  ';
const GAP = '  ';
/** Narrower than this a column of values can't be read. */
const LEAST = 24;

/** Lines of at most `width` columns; fields without a value are left out. */
export function drawFields(
  fields: readonly (readonly [string, string])[],
  { width, color }: { width: number; color: boolean },
): string[] {
  const paint = painter(color);
  const shown = fields.map(([name, value]) => [plainText(name), plainText(value)] as const);
  const names = Math.max(0, ...shown.map(([name]) => columnsOf(name)));
  const room = Math.max(LEAST, width - columnsOf(INDENT) - names - columnsOf(GAP));
  return shown
    .filter(([, value]) => value !== '')
    .flatMap(([name, value]) =>
      wrapText(value, room).map((line, index) => {
        const title = pad(index === 0 ? name : '', names, 'left');
        return `${INDENT}${paint('cyan', title)}${GAP}${line}`;
      }),
    );
}
