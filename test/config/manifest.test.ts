import { expect, test } from 'vitest';
import { resolveManifest } from '../../pipeline/config/manifest.ts';

const identity = { name: 'zebra', file: 'rootfs-manifests/zebra.yaml' };

test('defaults', () => {
  const manifest = resolveManifest(
    {
      suite: 'sid',
      mirrors: [{ url: 'http://m/' }],
      users: [{ name: 'ann', uid: 7 }],
      groups: [{ name: 'g', gid: 8 }],
      units: { mask: ['x.service'] },
    },
    identity,
  );
  expect(manifest).toMatchSnapshot();
});

test('every key reaches its place', () => {
  const user = { name: 'ann', uid: 7, gid: 9, gecos: 'Ann', home: '/a', shell: '/b' };
  const manifest = resolveManifest(
    {
      name: 'other',
      suite: 'sid',
      components: ['contrib'],
      mirrors: [{ url: 'http://m/', suites: ['one', 'two'] }],
      keyring: '/k',
      variant: 'extract',
      packages: ['p1'],
      exclude: ['/x'],
      remove: { packages: ['p2'], paths: ['/y'] },
      users: [user],
      groups: [{ name: 'g', gid: 8, members: ['ann'] }],
      units: { enable: ['e.service'], disable: ['d.service'], mask: ['m.service'] },
      modules: ['erofs'],
    },
    identity,
  );
  expect(manifest).toEqual({
    name: 'other',
    file: 'rootfs-manifests/zebra.yaml',
    source: 'debian',
    architecture: 'amd64',
    suite: 'sid',
    components: ['contrib'],
    mirrors: [{ url: 'http://m/', suites: ['one', 'two'] }],
    keyring: '/k',
    variant: 'extract',
    packages: ['p1'],
    exclude: ['/x'],
    remove: ['/y'],
    removePackages: ['p2'],
    users: [user],
    groups: [{ name: 'g', gid: 8, members: ['ann'] }],
    units: { enable: ['e.service'], disable: ['d.service'], mask: ['m.service'] },
    modules: ['erofs'],
  });
});
