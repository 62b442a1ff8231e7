import { expect, test } from 'vitest';
import { cacheFolders, fixedEnvironment } from '../../pipeline/engine/environment.ts';

test('fixedEnvironment is the same for everybody, but for the epoch', () => {
  expect(fixedEnvironment(1_444_444_444)).toEqual({
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/tmp',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    SOURCE_DATE_EPOCH: '1444444444',
    DEBIAN_FRONTEND: 'noninteractive',
  });
});

test('cacheFolders: each below the cache, no two the same', () => {
  const folders = Object.values(cacheFolders('/srv/cache'));
  expect(new Set(folders).size).toBe(folders.length);
  for (const folder of folders) expect(folder).toMatch(/^\/srv\/cache\/[a-z]+$/);
});
