/** Users and groups by name: passwd(5), group(5). Passwords stand elsewhere and are not read. */
import { COMPARED_TEXTS } from './texts.ts';

export interface AccountChange {
  kind: 'user' | 'group';
  name: string;
  /** `uid 1000, gid 1000, /home/deck, /bin/sh`; of a group `gid 27: deck, bosun`. Null for one that is not there. */
  old: string | null;
  new: string | null;
}

/** Users before groups, both by name. */
export function compareAccounts(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): AccountChange[] {
  return (['user', 'group'] as const).flatMap(kind => {
    const file = COMPARED_TEXTS[kind === 'user' ? 'users' : 'groups'];
    const [old, next] = [before, after].map(texts => rows(texts.get(file) ?? '', kind));
    return [...new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])].toSorted().flatMap(name => {
      const change = { kind, name, old: old?.get(name) ?? null, new: next?.get(name) ?? null };
      return change.old === change.new ? [] : [change];
    });
  });
}

function rows(text: string, kind: AccountChange['kind']): Map<string, string> {
  const lines = text.split('\n').filter(line => line !== '');
  return new Map(
    lines.map(line => {
      const [name = '', , id = '', third = '', , home = '', shell = ''] = line.split(':');
      return [
        name,
        kind === 'user'
          ? `uid ${id}, gid ${third}, ${home}, ${shell}`
          : `gid ${id}${third === '' ? '' : `: ${third.replaceAll(',', ', ')}`}`,
      ];
    }),
  );
}
