/** Shares a width out in proportion to sizes, with a least width so that small things stay visible. Pure. */

export interface Share {
  columns: number;
  /** True when `least` gave it more than its proportion. */
  widened: boolean;
}

/**
 * Whole columns for each size, in the same order, together exactly `width`; none below `least`. Equal sizes get equal
 * columns; the odd columns that then remain go to the last that isn't widened (on a disk: the one that grows).
 * Sizes are above 0 and `least * sizes.length <= width`.
 */
export function apportion(sizes: readonly number[], width: number, least: number): Share[] {
  const small = findSmall(sizes, width, least);
  const room = width - small.size * least;
  const total = sumExcept(sizes, small);
  const exact = sizes.map((size, index) => (small.has(index) ? least : (size / total) * room));
  const columns = exact.map(Math.floor);
  const takers = [...sizes.keys()].filter(index => !small.has(index));
  shareRest(columns, { exact, takers, rest: width - columns.reduce((sum, own) => sum + own, 0) });
  return columns.map((own, index) => ({ columns: own, widened: small.has(index) }));
}

/** Raising one to `least` takes room from the others, so that more of them may fall below it: until none does. */
function findSmall(sizes: readonly number[], width: number, least: number): Set<number> {
  const small = new Set<number>();
  for (;;) {
    const room = width - small.size * least;
    const total = sumExcept(sizes, small);
    const found = [...sizes.keys()].filter(index => !small.has(index) && (sizes[index] ?? 0) * room < least * total);
    if (found.length === 0) return small;
    for (const index of found) small.add(index);
  }
}

function sumExcept(sizes: readonly number[], left: ReadonlySet<number>): number {
  return sizes.reduce((sum, size, index) => (left.has(index) ? sum : sum + size), 0);
}

interface Rest {
  exact: readonly number[];
  takers: readonly number[];
  rest: number;
}

/** Largest remainder first; equal shares take a column all together or not at all. */
function shareRest(columns: number[], { exact, takers, rest }: Rest): void {
  let left = rest;
  const groups = new Map<number, number[]>();
  for (const index of takers) groups.set(exact[index] ?? 0, [...(groups.get(exact[index] ?? 0) ?? []), index]);
  const remainder = (share: number): number => share - Math.floor(share);
  for (const [, members] of [...groups].sort(([a], [b]) => remainder(b) - remainder(a) || b - a)) {
    if (members.length > left) continue;
    for (const index of members) columns[index] = (columns[index] ?? 0) + 1;
    left -= members.length;
  }
  const last = takers.at(-1);
  if (last !== undefined) columns[last] = (columns[last] ?? 0) + left;
}
