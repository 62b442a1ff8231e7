// Figures as text: what the benchmarks share. Pure; test/scripts/figures.test.ts.

/** The middle value; of an even number the mean of the middle two. Throws for none. */
export function median(values) {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Seconds as a table shows them, with the span of the rounds behind the median where there are several. */
export function seconds(values) {
  const digits = median(values) < 10 ? 2 : 1;
  const spoken = median(values).toFixed(digits);
  if (values.length === 1) return spoken;
  return `${spoken} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}

/** Bytes as MiB. */
export function mib(bytes) {
  const value = bytes / 2 ** 20;
  return value.toFixed(value < 10 ? 1 : 0);
}

/** A Markdown table. */
export function table(titles, rows) {
  const line = cells => `| ${cells.join(' | ')} |\n`;
  return `${line(titles)}|${titles.map(() => '---|').join('')}\n${rows.map(line).join('')}`;
}

/** `text` with `section` between the marks of `name`, which must be there, once each. */
export function replaceSection(text, { name, section }) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const parts = text.split(begin);
  const [rest, ...others] = (parts[1] ?? '').split(end).slice(1);
  if (parts.length !== 2 || rest === undefined || others.length > 0)
    throw new Error(`the text must have ${begin} and, behind it, ${end}, once each`);
  return `${parts[0]}${begin}\n\n${section.trim()}\n\n${end}${rest}`;
}

/**
 * Host processes at or below `root`. `processes`: pid -> parent.
 */
export function family(root, processes) {
  const children = new Map();
  for (const [pid, parent] of processes) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}
