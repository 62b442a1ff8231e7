/** "did you mean …" */

/** ` did you mean "size"?`, else what is allowed; '' when there is nothing to offer. */
export function suggest(name: string, allowed: readonly string[]): string {
  const near = nearest(name, allowed);
  if (near !== null) return `did you mean "${near}"?`;
  return allowed.length === 0 ? '' : `allowed: ${listed(allowed)}`;
}

/** The candidate with the fewest typing errors from name; null when all are further than a third of its length. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  const typed = plain(name);
  const limit = Math.max(1, Math.floor(typed.length / 3));
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const distance = typingDistance(typed, plain(candidate));
    // Another word of one letter is no typing error.
    const related = distance === 0 || distance < Math.min(typed.length, candidate.length);
    if (related && distance <= limit && (best === null || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate ?? null;
}

/** `a, b, c`: at most 24, then how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 24).join(', ');
  return names.length > 24 ? `${shown} and ${names.length - 24} more` : shown;
}

/**
 * Damerau-Levenshtein distance, optimal string alignment: insertions, deletions, replacements, and swaps of
 * neighbours, each one error.
 */
export function typingDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}

/** `sector-size`, `sector_size` and `sectorSize` are one name with three spellings. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}
