import { expect, test } from 'vitest';
import { resolveManifest, withFeatures } from '../../pipeline/config/manifest.ts';

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
      setuid: ['/bin/s'],
      features: { kvp: { packages: ['p3'], modules: ['m3'], units: { enable: ['k.service'] } }, tpm: {} },
    },
    identity,
  );
  expect(manifest).toEqual({
    name: 'other',
    file: 'rootfs-manifests/zebra.yaml',
    bases: [],
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
    setuid: ['/bin/s'],
    features: {
      kvp: { packages: ['p3'], modules: ['m3'], units: { enable: ['k.service'] } },
      tpm: { packages: [], modules: [], units: { enable: [] } },
    },
  });
});

test('features bring what is theirs when they are on, each thing once', () => {
  const manifest = resolveManifest(
    {
      suite: 'sid',
      mirrors: [{ url: 'http://m/' }],
      packages: ['p1', 'p2'],
      units: { enable: ['a.service'], mask: ['x.service'] },
      features: {
        kvp: { packages: ['p2', 'p3'], units: { enable: ['k.service'] } },
        tpm: { packages: ['p4'], modules: ['m4'] },
      },
    },
    identity,
  );
  expect(withFeatures(manifest, { tpm: 'off', kvp: 'on', console: 'on', updates: 'off' })).toMatchObject({
    packages: ['p1', 'p2', 'p3'],
    modules: [],
    units: { enable: ['a.service', 'k.service'], disable: [], mask: ['x.service'] },
  });
  expect(withFeatures(manifest, { tpm: 'off', kvp: 'off', console: 'off', updates: 'off' })).toEqual(manifest);
  expect(withFeatures(manifest, { tpm: 'on', kvp: 'off', console: 'off', updates: 'off' })).toMatchObject({
    packages: ['p1', 'p2', 'p4'],
    modules: ['m4'],
  });
});
