import { expect, test } from 'vitest';
import { blockOf, mountAt, parseStorage } from '../../pipeline/claims/storage.ts';

const TEXT = [
  'mount 22 1 253:0 / / ro,nodev,relatime shared:1 - erofs /dev/mapper/root ro,user_xattr',
  'mount 40 22 0:31 / /var/lib/two\\040words rw,nosuid - overlay overlay rw,lowerdir=/sysroot/x,upperdir=/run/s/up,workdir=/run/s/w',
  'mount 41 22 8:7 / /diary ro - ext4 /dev/sda7 ro',
  'mount 42 22 8:7 /sub /diary rw,nosuid,noexec - ext4 /dev/sda7 rw,errors=remount-ro',
  'block /dev/sda 8:0 0 4096 PTUUID=C0FFEE00-1111-2222-3333-444444444444\tPTTYPE=gpt\t',
  'block /dev/sda7 8:7 2048 1024 UUID=DEADBEEF-0000-1111-2222-333333333333\tPART_ENTRY_NAME=Log\\x20Book\tPART_ENTRY_UUID=ABCD\tPART_ENTRY_DISK=8:0\t',
  'block /dev/sr0 11:0 0 0 ',
].join('\n');

test('mounts and partitions of a running system', () => {
  const storage = parseStorage(TEXT);
  expect(mountAt(storage, '/')).toMatchObject({
    type: 'erofs',
    source: '/dev/mapper/root',
    options: ['ro', 'nodev', 'relatime'],
  });
  expect(mountAt(storage, '/var/lib/two words').superOptions).toContain('upperdir=/run/s/up');
  // What lies beneath is not seen.
  expect(storage.mounts.filter(each => each.point === '/diary')).toHaveLength(1);
  const diary = mountAt(storage, '/diary');
  expect(diary).toMatchObject({ root: '/sub', options: ['rw', 'nosuid', 'noexec'] });
  expect(blockOf(storage, diary)).toEqual({
    node: '/dev/sda7',
    device: '8:7',
    disk: '8:0',
    name: 'Log Book',
    guid: 'abcd',
    uuid: 'deadbeef-0000-1111-2222-333333333333',
    start: 2048,
    sectors: 1024,
  });
  expect(storage.blocks[0]).toMatchObject({ disk: '8:0', name: '', guid: 'c0ffee00-1111-2222-3333-444444444444' });
  expect(blockOf(storage, mountAt(storage, '/'))).toBeNull();
});

test('a place where nothing is mounted', () => {
  expect(() => mountAt(parseStorage(TEXT), '/hold')).toThrow('nothing is mounted at /hold');
});
