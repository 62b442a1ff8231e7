/** Globs over paths, in time that grows with pattern and path and no faster: with a regular expression `a*a*a*b` takes years. */

/** One character, `?`, `*`, `**`, or `**` with a slash behind it for any number of folders, none too. */
type Token = { kind: 'one'; character: string } | { kind: 'any' | 'name' | 'all' | 'folders' };

export interface GlobOptions {
  // Whether any number of folders may be none: `/a/**/b` matches `/a/b` too.
  skipsFolders: boolean;
}

/** `*` and `?` stay within a name, `**` crosses folders; all else stands for itself. */
export function globMatcher(glob: string, options: GlobOptions): (path: string) => boolean {
  const tokens = tokensOf(glob, options);
  const plain = tokens.findIndex(({ kind }) => kind !== 'one');
  const prefix = glob.slice(0, plain === -1 ? undefined : lengthOf(tokens.slice(0, plain)));
  if (plain === -1) return path => path === glob;
  const rest = tokens.slice(plain);
  return path => path.startsWith(prefix) && matches(rest, path.slice(prefix.length));
}

function tokensOf(glob: string, { skipsFolders }: GlobOptions): Token[] {
  const words = glob.match(skipsFolders ? /\*\*\/|\*\*|[^]/gu : /\*\*|[^]/gu) ?? [];
  return words.map(word => {
    if (word === '**/') return { kind: 'folders' };
    if (word === '**') return { kind: 'all' };
    if (word === '*') return { kind: 'name' };
    return word === '?' ? { kind: 'any' } : { kind: 'one', character: word };
  });
}

function lengthOf(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token) => sum + (token.kind === 'one' ? token.character.length : 0), 0);
}

/** All places of the pattern at once, a character of the path after the other. */
function matches(tokens: readonly Token[], path: string): boolean {
  let places = new Set<number>();
  /** Folders that are entered, and can be left behind a slash alone. */
  let open = new Set<number>();
  const last = tokens.at(-1)?.kind === 'all' ? tokens.length - 1 : null;
  enter(places, tokens, 0);
  for (const character of path) {
    if (last !== null && places.has(last)) return true;
    const next = new Set<number>();
    const stillOpen = new Set<number>();
    for (const at of places) {
      const token = tokens[at];
      if (token === undefined) continue;
      if (token.kind === 'folders') stillOpen.add(at);
      else if (token.kind === 'all' || (token.kind === 'name' && character !== '/')) enter(next, tokens, at);
      else if (token.kind === 'one' ? token.character === character : token.kind === 'any' && character !== '/')
        enter(next, tokens, at + 1);
    }
    for (const at of open) stillOpen.add(at);
    if (character === '/') for (const at of stillOpen) enter(next, tokens, at + 1);
    [places, open] = [next, stillOpen];
    if (places.size + open.size === 0) return false;
  }
  return places.has(tokens.length);
}

/** A place, and those behind it that may be reached without a character. */
function enter(places: Set<number>, tokens: readonly Token[], at: number): void {
  for (let place = at; !places.has(place); place += 1) {
    places.add(place);
    const kind = tokens[place]?.kind;
    if (kind !== 'all' && kind !== 'name' && kind !== 'folders') return;
  }
}
