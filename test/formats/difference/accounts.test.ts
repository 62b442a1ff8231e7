import { expect, test } from 'vitest';
import { compareAccounts } from '../../../pipeline/formats/difference/accounts.ts';
import { COMPARED_TEXTS } from '../../../pipeline/formats/difference/texts.ts';

const of = (users: string, groups: string): Map<string, string> =>
  new Map([
    [COMPARED_TEXTS.users, users],
    [COMPARED_TEXTS.groups, groups],
  ]);

test('users, then groups, by name; a comment in passwd is none of it', () => {
  const before = of('root:x:0:0:root:/root:/bin/bash\nbosun:x:7:8::/:/bin/sh\n', 'sail:x:5:bosun\n');
  const after = of('root:x:0:0:captain:/root:/bin/sh\ndeck:x:9:9::/deck:/bin/sh\n', 'sail:x:5:bosun,deck\n');
  expect(compareAccounts(before, after)).toEqual([
    { kind: 'user', name: 'bosun', old: 'uid 7, gid 8, /, /bin/sh', new: null },
    { kind: 'user', name: 'deck', old: null, new: 'uid 9, gid 9, /deck, /bin/sh' },
    { kind: 'user', name: 'root', old: 'uid 0, gid 0, /root, /bin/bash', new: 'uid 0, gid 0, /root, /bin/sh' },
    { kind: 'group', name: 'sail', old: 'gid 5: bosun', new: 'gid 5: bosun, deck' },
  ]);
  expect(compareAccounts(new Map(), new Map())).toEqual([]);
});
