/** Users and groups of a rootfs, as lines of passwd(5), group(5), shadow(5) and gshadow(5). */
import type { Group, User } from '../config/types.ts';
import { FormatFault } from '../formats/fault.ts';

export interface AccountFiles {
  passwd: string;
  group: string;
  shadow: string;
  gshadow: string;
}

/**
 * The files with the given groups and users added, or replaced where the name exists. Passwords are locked (`!`),
 * and the date of the last change is left empty: it would differ from day to day.
 */
export function withAccounts(files: AccountFiles, users: readonly User[], groups: readonly Group[]): AccountFiles {
  let { passwd, group, shadow, gshadow } = files;
  for (const each of groups) {
    const members = [...new Set([...lastField(group, each.name), ...each.members])].join(',');
    group = withLine(group, each.name, `${each.name}:x:${each.gid}:${members}`);
    gshadow = withLine(gshadow, each.name, `${each.name}:!::${members}`);
  }
  for (const each of users) {
    passwd = withLine(
      passwd,
      each.name,
      `${each.name}:x:${each.uid}:${each.gid}:${each.gecos}:${each.home}:${each.shell}`,
    );
    shadow = withLine(shadow, each.name, `${each.name}:!::0:99999:7:::`);
  }
  return { passwd, group, shadow, gshadow };
}

/** shadow(5) with every password locked and the dates of last change taken out. */
export function lockedShadow(shadow: string): string {
  return shadow.replaceAll(
    /^([^:\n]+):[^:\n]*:[^:\n]*:/gm,
    (_, name: string) => `${name}:${name === 'root' ? '!*' : '!'}::`,
  );
}

/** group(5) with the user in a group that a package made. Throws FormatFault when there is no such group. */
export function withMember(text: string, group: string, user: string): string {
  const line = text.split('\n').find(each => each.startsWith(`${group}:`));
  if (line === undefined)
    throw new FormatFault(
      `the tree has no group "${group}", which ${user} is to join`,
      'name the package that makes it in the manifest, below `features`',
    );
  const cut = line.lastIndexOf(':') + 1;
  return withLine(text, group, `${line.slice(0, cut)}${[...new Set([...lastField(text, group), user])].join(',')}`);
}

function withLine(text: string, name: string, line: string): string {
  const lines = text.split('\n').filter(each => each !== '');
  const at = lines.findIndex(each => each.startsWith(`${name}:`));
  if (at === -1) lines.push(line);
  else lines[at] = line;
  return `${lines.join('\n')}\n`;
}

function lastField(text: string, name: string): string[] {
  const line = text.split('\n').find(each => each.startsWith(`${name}:`));
  return (line?.split(':').at(-1) ?? '').split(',').filter(member => member !== '');
}
