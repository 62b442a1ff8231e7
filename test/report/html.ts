/** What every page must keep. */

/** Tags that are open at the end, or closed when another one is; empty for a page whose tags are all closed. */
export function unclosedTags(html: string): string[] {
  const stack: string[] = [];
  for (const [whole, slash = '', name = ''] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (['meta', 'br'].includes(name) || whole.endsWith('/>')) continue;
    if (slash === '') stack.push(name);
    else if (stack.pop() !== name) return [...stack, whole];
  }
  return stack;
}

/** Everything that would be fetched, or would lead elsewhere. */
export function outsideLinks(html: string): string[] {
  return (
    html.match(
      /\bsrc\s*=[^>]*|\burl\s*\([^)]*|@import[^;]*|<(?:script|link|iframe|object|base)\b[^>]*|href="(?!#)[^"]*/g,
    ) ?? []
  );
}

/** Links of the page to a place that it does not have. */
export function danglingAnchors(html: string): string[] {
  const ids = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id));
  return [...html.matchAll(/href="#([^"]*)"/g)].map(([, id = '']) => id).filter(id => !ids.has(id));
}
