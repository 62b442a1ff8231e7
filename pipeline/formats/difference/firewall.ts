/** The firewall as the image declares it, and the rules that it loads, line by line. */
import type { Declaration, Firewall } from '../declaration.ts';
import { COMPARED_TEXTS } from './texts.ts';

export interface FirewallChange {
  /** `input`, `allow`, `rules.v4`, … */
  what: string;
  old: string | null;
  new: string | null;
}

interface Compared {
  declaration: Pick<Declaration, 'firewall'> | null;
  texts: ReadonlyMap<string, string>;
}

/** What is declared, then the rules. */
export function compareFirewalls(before: Compared, after: Compared): FirewallChange[] {
  const [old, next] = [before.declaration?.firewall ?? null, after.declaration?.firewall ?? null];
  return [
    ...compareSettings(old, next),
    ...compareSets('allow', { old: ports(old), next: ports(next) }),
    ...(['rulesV4', 'rulesV6'] as const).flatMap(name => {
      const [one, other] = [before, after].map(({ texts }) => lines(texts.get(COMPARED_TEXTS[name]) ?? ''));
      return compareSets(name === 'rulesV4' ? 'rules.v4' : 'rules.v6', { old: one ?? [], next: other ?? [] });
    }),
  ];
}

function compareSettings(old: Firewall | null, next: Firewall | null): FirewallChange[] {
  const [one, other] = [settings(old), settings(next)];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap(what => {
    const change = { what, old: one[what] ?? null, new: other[what] ?? null };
    return change.old === change.new ? [] : [change];
  });
}

function settings(firewall: Firewall | null): Record<string, string> {
  if (firewall === null) return {};
  const { input, forward, output, ssh, remembered } = firewall;
  return { input, forward, output, ssh: described(ssh), remembered: String(remembered) };
}

function ports(firewall: Firewall | null): string[] {
  return (firewall?.allow ?? []).map(({ port, protocol, ...rest }) => `${port}/${protocol} ${described(rest)}`);
}

function described({ from, limit }: Pick<Firewall['ssh'], 'from' | 'limit'>): string {
  const who = from.length === 0 ? 'from anywhere' : `from ${from.join(', ')}`;
  return limit === null ? who : `${who}, ${limit.connections} in ${limit.seconds} s`;
}

/** What only one of the two has. Lines that only changed their places are one change of the whole. */
function compareSets(
  what: string,
  { old, next }: { old: readonly string[]; next: readonly string[] },
): FirewallChange[] {
  const [gone, come] = [without(old, next), without(next, old)];
  if (gone.length === 0 && come.length === 0 && old.join('\n') !== next.join('\n'))
    return [{ what, old: 'the same lines', new: 'in another order' }];
  return [...gone.map(each => ({ what, old: each, new: null })), ...come.map(each => ({ what, old: null, new: each }))];
}

function without(all: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return all.filter(each => {
    const at = left.indexOf(each);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

/** Without comments: they name no rule. */
function lines(text: string): string[] {
  return text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
}
