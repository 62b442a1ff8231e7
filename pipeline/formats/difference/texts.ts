/** Text files of a root that are compared line by line. */
export const COMPARED_TEXTS = {
  users: '/etc/passwd',
  groups: '/etc/group',
  rulesV4: '/usr/share/caisson/firewall/rules.v4',
  rulesV6: '/usr/share/caisson/firewall/rules.v6',
} as const;
