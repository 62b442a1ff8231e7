/** Users and groups of a root: those that the manifest names, who may log in, and what their files say. */
import type { Group, Manifest, User } from '../../config/types.ts';
import { lockedShadow, withAccounts, withMember } from '../../tree/accounts.ts';
import { directory, lookup, place, textFile, type Tree } from '../../tree/tree.ts';
import type { Promises } from '../../tree/guest/guest.ts';
import type { ImageView } from '../stage.ts';
import { textOf } from './text.ts';

export interface Accounts {
  users: User[];
  groups: Group[];
}

const ACCOUNTS = {
  passwd: '/etc/passwd',
  group: '/etc/group',
  shadow: '/etc/shadow',
  gshadow: '/etc/gshadow',
} as const;

/** Accounts of the manifest, and the user who may log in, unless that is one of them. */
export function withAdministrator(ssh: ImageView['ssh'], manifest: Manifest | null): Accounts {
  const { users, groups } = manifest ?? { users: [], groups: [] };
  if (ssh === null || users.some(each => each.name === ssh.user)) return { users, groups };
  const id = [1000, ...users.map(each => each.uid + 1), ...groups.map(each => each.gid + 1)].reduce((a, b) =>
    Math.max(a, b),
  );
  const own = groups.find(each => each.name === ssh.user);
  const gid = own?.gid ?? id;
  return {
    users: [
      ...users,
      { name: ssh.user, uid: id, gid, gecos: 'Administrator', home: `/home/${ssh.user}`, shell: '/bin/bash' },
    ],
    groups: own === undefined ? [...groups, { name: ssh.user, gid, members: [] }] : groups,
  };
}

/** Writes them into the files of a tree that has such files, and makes homes that are not there. */
export async function applyAccounts(made: Tree, { users, groups }: Accounts): Promise<void> {
  if (lookup(made, ACCOUNTS.passwd) === null) return;
  const before = {
    passwd: await textOf(made, ACCOUNTS.passwd),
    group: await textOf(made, ACCOUNTS.group),
    shadow: await textOf(made, ACCOUNTS.shadow),
    gshadow: await textOf(made, ACCOUNTS.gshadow),
  };
  const after = withAccounts(before, users, groups);
  rewrite(made, ACCOUNTS.passwd, after.passwd);
  rewrite(made, ACCOUNTS.group, after.group);
  rewrite(made, ACCOUNTS.shadow, lockedShadow(after.shadow));
  rewrite(made, ACCOUNTS.gshadow, after.gshadow);
  for (const user of users)
    if (user.home !== '/nonexistent' && made.get(user.home) === undefined)
      place(made, user.home, { ...directory(0o700), uid: user.uid, gid: user.gid });
}

/** Who administers may use the TPM without being root: tpm-udev gives its devices to this group. */
export async function grantDevices(made: Tree, { features, ssh }: Promises): Promise<void> {
  if (features.tpm === 'off' || ssh === null) return;
  rewrite(made, ACCOUNTS.group, withMember(await textOf(made, ACCOUNTS.group), 'tss', ssh.user));
}

function rewrite(made: Tree, path: string, content: string): void {
  const node = lookup(made, path)?.node;
  if (node !== undefined) place(made, path, { ...node, content: textFile(content).content });
}
