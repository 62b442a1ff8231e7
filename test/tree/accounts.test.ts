import { describe, expect, test } from 'vitest';
import { lockedShadow, withAccounts } from '../../pipeline/tree/accounts.ts';

const FILES = {
  passwd: 'root:x:0:0:root:/root:/bin/bash\nherons:x:78:78::/:/bin/sh\nheron:x:77:77:old:/old:/bin/false\n',
  group: 'root:x:0:\nwheel:x:10:gull,heron\nheron:x:77:\n',
  shadow: 'root:*:19000:0:99999:7:::\nheron:$y$abc:19001:1:2:3:4:5:\n',
  gshadow: 'root:*::\nwheel:!:gull:gull,heron\n',
};
const user = { name: 'heron', uid: 1234, gid: 1235, gecos: 'Grey Heron,,,', home: '/srv/nest', shell: '/bin/dash' };

describe('withAccounts', () => {
  test('a new user and a new group stand at the end', () => {
    const after = withAccounts(
      FILES,
      [{ ...user, name: 'egret' }],
      [{ name: 'waders', gid: 4321, members: ['egret', 'heron'] }],
    );
    expect(after).toEqual({
      passwd: `${FILES.passwd}egret:x:1234:1235:Grey Heron,,,:/srv/nest:/bin/dash\n`,
      group: `${FILES.group}waders:x:4321:egret,heron\n`,
      shadow: `${FILES.shadow}egret:!::0:99999:7:::\n`,
      gshadow: `${FILES.gshadow}waders:!::egret,heron\n`,
    });
  });

  test('one that exists is replaced where it stands, its password locked', () => {
    const after = withAccounts(FILES, [user], []);
    expect(after.passwd.split('\n')[2]).toBe('heron:x:1234:1235:Grey Heron,,,:/srv/nest:/bin/dash');
    expect(after.passwd.split('\n')[1]).toBe('herons:x:78:78::/:/bin/sh');
    expect(after.shadow).toBe('root:*:19000:0:99999:7:::\nheron:!::0:99999:7:::\n');
  });

  test('a group that exists keeps its members, each once', () => {
    const after = withAccounts(FILES, [], [{ name: 'wheel', gid: 11, members: ['egret', 'gull'] }]);
    expect(after.group).toBe('root:x:0:\nwheel:x:11:gull,heron,egret\nheron:x:77:\n');
    expect(after.gshadow).toBe('root:*::\nwheel:!::gull,heron,egret\n');
  });

  test('files that are not there yet come to be', () => {
    expect(
      withAccounts(
        { passwd: '', group: '', shadow: '', gshadow: '' },
        [user],
        [{ name: 'waders', gid: 9, members: [] }],
      ),
    ).toEqual({
      passwd: 'heron:x:1234:1235:Grey Heron,,,:/srv/nest:/bin/dash\n',
      group: 'waders:x:9:\n',
      shadow: 'heron:!::0:99999:7:::\n',
      gshadow: 'waders:!::\n',
    });
  });

  test('a missing newline at the end joins no lines', () => {
    expect(
      withAccounts({ ...FILES, passwd: 'root:x:0:0:root:/root:/bin/bash' }, [user], []).passwd.split('\n'),
    ).toHaveLength(3);
  });
});

test.each([
  ['daemon:*:19000:0:99999:7:::\n', 'daemon:!::0:99999:7:::\n'],
  ['heron:$y$j9T$abc:19001:1:2:3:4:5:\n', 'heron:!::1:2:3:4:5:\n'],
  ['root:*:19000:0:99999:7:::\n', 'root:!*::0:99999:7:::\n'],
  ['heron::::::::\n', 'heron:!:::::::\n'],
  ['', ''],
])('lockedShadow: %j', (shadow, locked) => expect(lockedShadow(shadow)).toBe(locked));

test('lockedShadow leaves no password and no date in any line', () => {
  for (const line of lockedShadow(FILES.shadow).trimEnd().split('\n'))
    expect(line.split(':').slice(1, 3)).toEqual([expect.stringMatching(/^!\*?$/), '']);
});
