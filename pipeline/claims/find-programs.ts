/** Looks for programs by name among all executable files of the guest, wherever they stand. */
import type { GuestMachine } from '../engine/machine/guest-machine.ts';
import { ask, quoted } from './ask.ts';

export interface Found {
  /** How many executable files there are at all. */
  searched: number;
  found: string[];
  folders: string[];
}

/** `names` are globs of find(1); links count too. */
export async function findPrograms(
  machine: Pick<GuestMachine, 'sh'>,
  { names, folders }: { names: readonly string[]; folders: readonly string[] },
): Promise<Found> {
  const wanted = names.map(name => `-name ${quoted(name)}`).join(' -o ');
  const answers = await ask(
    machine,
    String.raw`
where='/usr /opt /etc /home /root /srv /var /boot'
skip='-path /var/lib/containers -prune -o -path /var/lib/docker -prune -o -path /var/.eflow -prune -o'
say searched "$(find $where $skip -type f -perm /0111 -print 2>/dev/null | wc -l)"
find $where $skip \( -type f -perm /0111 -o -type l \) \( ${wanted} \) -print 2>/dev/null | while read -r each; do say found "$each"; done
for each in ${folders.map(quoted).join(' ')}; do
  [ -n "$(find "$each" -type f -print -quit 2>/dev/null)" ] && say folder "$each"
done
true`,
  );
  return {
    searched: Number(answers.one('searched')),
    // Links of the same name for shell completion and the like are not programs.
    found: answers.all('found').filter(each => !/\/(bash-completion|doc|lintian)\//.test(each)),
    folders: answers.all('folder'),
  };
}
