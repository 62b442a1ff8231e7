import { checkLayout } from '../../pipeline/config/layout.ts';
import { testTable } from './golden.ts';
import type { Row } from './golden.ts';

/** A sound layout that no default could stand in for, with room for what a row adds. */
const around = (partitions: string, rest = ''): string => `name: zebra
${rest}partitions:
  - { name: Boot, size: "33 MiB", type: esp, filesystem: vfat }
${partitions}`;

const lines = (...texts: string[]): string => texts.map(text => `  - { ${text} }\n`).join('');

const one = (keys: string, rest = ''): string =>
  around(lines(`name: Main, size: "77 MiB", type: linux, ${keys}`), rest);

const root = 'size: "3 GiB", type: root-x86-64, filesystem: erofs';

const rows: Row[] = [
  { title: 'sound', faults: 0, yaml: one('filesystem: ext4') },
  { title: 'the largest disk', faults: 0, yaml: one('filesystem: ext4', 'size: "64 TiB"\n') },
  {
    title: 'right behind the partition table',
    faults: 0,
    yaml: 'alignment: "512 B"\npartitions:\n  - { name: X, start: "17 KiB", size: "512 B", type: linux }\n',
  },
  { title: 'label that YAML reads as a boolean', faults: 1, yaml: one('filesystem: ext4, label: true') },
  { title: 'unknown key', faults: 1, yaml: one('mout: /m, filesystem: ext4') },
  {
    title: 'misspelt required key is one fault',
    faults: 1,
    yaml: around(lines('name: X, sise: "8 MiB", type: linux')),
  },
  { title: 'unknown key far from all', faults: 1, yaml: one('zzzzzz: 1') },
  { title: 'merge key', faults: 1, yaml: one('<<: { grow: true }') },
  { title: 'missing keys', faults: 2, yaml: around(lines('name: X')) },
  { title: 'no partitions key', faults: 1, yaml: 'name: zebra\n' },
  { title: 'partitions is a mapping', faults: 1, yaml: 'partitions: { name: X }\n' },
  { title: 'no partition', faults: 1, yaml: 'partitions: []\n' },
  {
    title: '129 partitions',
    faults: 1,
    yaml: `partitions:\n${Array.from({ length: 129 }, (_, i) => lines(`name: P${i}, size: "1 MiB", type: linux`)).join('')}`,
  },
  { title: 'size as a number', faults: 1, yaml: around(lines('name: X, size: 8, type: linux')) },
  { title: 'size without unit', faults: 1, yaml: around(lines('name: X, size: "8", type: linux')) },
  { title: 'size in MB', faults: 1, yaml: around(lines('name: X, size: "8 MB", type: linux')) },
  { title: 'size in GB', faults: 1, yaml: around(lines('name: X, size: 4GB, type: linux')) },
  { title: 'size in words', faults: 1, yaml: around(lines('name: X, size: large, type: linux')) },
  { title: 'size zero', faults: 1, yaml: around(lines('name: X, size: "0 MiB", type: linux')) },
  { title: 'size over 64 TiB', faults: 1, yaml: around(lines('name: X, size: "65 TiB", type: linux')) },
  { title: 'size of half a byte', faults: 1, yaml: around(lines('name: X, size: "1.5 B", type: linux')) },
  { title: 'size beyond 2^53', faults: 1, yaml: around(lines('name: X, size: "99999999 TiB", type: linux')) },
  { title: 'size of half a sector', faults: 1, yaml: around(lines('name: X, size: "1.25 KiB", type: linux')) },
  {
    title: 'sum over 64 TiB',
    faults: 1,
    yaml: around(lines('name: X, size: "40 TiB", type: linux', 'name: Y, size: "40 TiB", type: linux')),
  },
  { title: 'unknown type', faults: 1, yaml: around(lines('name: X, size: "8 MiB", type: root-x86_46')) },
  { title: 'type is no GUID', faults: 1, yaml: around(lines('name: X, size: "8 MiB", type: c12a7328-f81f')) },
  { title: 'type is a number', faults: 1, yaml: around(lines('name: X, size: "8 MiB", type: 83')) },
  { title: 'unknown file system', faults: 1, yaml: one('filesystem: etx4') },
  { title: 'sector size unquoted', faults: 1, yaml: one('filesystem: ext4', 'sectorSize: 4096\n') },
  { title: 'sector size 1024', faults: 1, yaml: one('filesystem: ext4', 'sectorSize: "1024"\n') },
  {
    title: 'physical below logical sector',
    faults: 1,
    yaml: one('filesystem: ext4', 'sectorSize: "4096"\nphysicalSectorSize: "512"\n'),
  },
  {
    title: 'alignment not of sectors',
    faults: 1,
    yaml: one('filesystem: ext4', 'sectorSize: "4096"\nalignment: "66 KiB"\n'),
  },
  { title: 'alignment zero', faults: 1, yaml: one('filesystem: ext4', 'alignment: "0 KiB"\n') },
  { title: 'attribute misspelt', faults: 1, yaml: one('attributes: [read-onyl]') },
  { title: 'attribute bit 64', faults: 1, yaml: one('attributes: [64]') },
  { title: 'attribute bit in quotes', faults: 1, yaml: one('attributes: ["60"]') },
  { title: 'attribute twice', faults: 1, yaml: one('attributes: [no-auto, 5, no-auto]') },
  { title: 'grow in words', faults: 1, yaml: one('grow: "yes"') },
  { title: 'slot C', faults: 1, yaml: one('slot: C') },
  { title: 'partition of no slot empty', faults: 1, yaml: one('filesystem: ext4', 'empty: [Boot]\n') },
  {
    title: 'empty partition misspelt',
    faults: 1,
    yaml: 'empty: [Twin-C]\npartitions:\n  - { name: Twin-A, slot: A, size: "8 MiB", type: linux }\n  - { name: Twin-B, slot: B, size: "8 MiB", type: linux }\n',
  },
  { title: 'value left out', faults: 1, yaml: one('label:') },
  { title: 'name too long', faults: 1, yaml: around(lines(`name: ${'n'.repeat(37)}, size: "8 MiB", type: linux`)) },
  {
    title: 'name too long in UTF-16',
    faults: 1,
    yaml: around(lines(`name: "${'\u{1f4be}'.repeat(19)}", size: "8 MiB", type: linux`)),
  },
  { title: 'name twice', faults: 1, yaml: around(lines('name: Boot, size: "8 MiB", type: linux')) },
  { title: 'content twice', faults: 1, yaml: one('content: boot') },
  { title: 'FAT label too long', faults: 1, yaml: one('filesystem: vfat, label: TWELVELETTER') },
  { title: 'FAT label in lower case', faults: 1, yaml: one('filesystem: vfat, label: boot') },
  { title: 'FAT label with a dot', faults: 1, yaml: one('filesystem: vfat, label: A.B') },
  { title: 'ext4 label too long', faults: 1, yaml: one('filesystem: ext4, label: seventeen-letters') },
  { title: 'ext4 label too long in bytes', faults: 1, yaml: one('filesystem: ext4, label: äääääääää') },
  { title: 'label without file system', faults: 1, yaml: one('label: x') },
  { title: 'mount relative', faults: 1, yaml: one('filesystem: ext4, mount: logs') },
  { title: 'mount with ..', faults: 1, yaml: one('filesystem: ext4, mount: /logs/../etc') },
  { title: 'mount without file system', faults: 1, yaml: one('mount: /m') },
  {
    title: 'mount twice',
    faults: 1,
    yaml: around(
      lines(
        'name: X, size: "8 MiB", type: linux, filesystem: ext4, mount: /m',
        'name: Y, size: "8 MiB", type: linux, filesystem: ext4, mount: /m/',
      ),
    ),
  },
  {
    title: 'mount flag with a comma',
    faults: 1,
    yaml: one('filesystem: ext4, mount: /m, mountFlags: ["nosuid,nodev"]'),
  },
  { title: 'mount flag twice', faults: 1, yaml: one('filesystem: ext4, mount: /m, mountFlags: [ro, ro]') },
  { title: 'partition left empty', faults: 1, yaml: around('  -\n') },
  { title: 'reserve', faults: 0, yaml: one('filesystem: ext4, reserve: "77 MiB"') },
  { title: 'reserve beyond the partition', faults: 1, yaml: one('filesystem: ext4, reserve: "78 MiB"') },
  {
    title: 'slots with other reserves',
    faults: 1,
    yaml: around(lines(`name: RootA, slot: A, ${root}, reserve: "3 MiB"`, `name: RootB, slot: B, ${root}`)),
  },
  { title: 'mount flags for nothing', faults: 1, yaml: one('filesystem: ext4, mountFlags: [nosuid]') },
  {
    title: 'two grow',
    faults: 1,
    yaml: around(
      lines('name: X, size: "8 MiB", type: linux, grow: true', 'name: Y, size: "8 MiB", type: linux, grow: true'),
    ),
  },
  {
    title: 'growing not last',
    faults: 1,
    yaml: around(lines('name: X, size: "8 MiB", type: linux, grow: true', 'name: Y, size: "8 MiB", type: linux')),
  },
  { title: 'growing erofs', faults: 1, yaml: one('filesystem: erofs, grow: true') },
  { title: 'not aligned', faults: 1, yaml: one('start: "100.5 MiB"') },
  {
    title: 'in the partition table',
    faults: 1,
    yaml: around(lines('name: X, start: "0 B", size: "1 MiB", type: linux')),
  },
  {
    title: 'overlap',
    faults: 1,
    yaml: around(lines(`name: Root, ${root}`, 'name: Log, start: "1 GiB", size: "77 MiB", type: linux')),
  },
  { title: 'outside the disk', faults: 1, yaml: around(lines(`name: Root, ${root}`), 'size: "3 GiB"\n') },
  { title: 'one byte too little for the table behind', faults: 1, yaml: one('filesystem: ext4', 'size: "111 MiB"\n') },
  { title: 'disk of half a sector', faults: 1, yaml: one('filesystem: ext4', 'size: "1048576.25 KiB"\n') },
  { title: 'only slot B', faults: 1, yaml: one('slot: B') },
  {
    title: 'content missing in B',
    faults: 1,
    yaml: around(
      lines(
        `name: RootA, slot: A, ${root}`,
        `name: RootB, slot: B, ${root}`,
        'name: ExtraA, slot: A, size: "8 MiB", type: linux',
      ),
    ),
  },
  {
    title: 'content missing in A',
    faults: 1,
    yaml: around(
      lines(
        `name: RootA, slot: A, ${root}`,
        `name: RootB, slot: B, ${root}`,
        'name: ExtraB, slot: B, size: "8 MiB", type: linux',
      ),
    ),
  },
  {
    title: 'slots unlike in everything',
    faults: 4,
    yaml: around(
      lines(
        `name: RootA, slot: A, ${root}`,
        'name: RootB, slot: B, size: "2 GiB", type: linux, filesystem: ext4, label: b',
      ),
    ),
  },
  {
    title: 'slots mounted at one place with other flags',
    faults: 1,
    yaml: around(
      lines(
        `name: RootA, slot: A, ${root}, mount: /, mountFlags: [noatime]`,
        `name: RootB, slot: B, ${root}, mount: /`,
        'name: LockA, slot: A, size: "8 MiB", type: linux, filesystem: vfat, mount: /a, mountFlags: [noexec]',
        'name: LockB, slot: B, size: "8 MiB", type: linux, filesystem: vfat, mount: /b',
      ),
    ),
  },
  {
    title: 'overlays on nothing',
    faults: 1,
    yaml: `${one('filesystem: ext4')}overlays: { content: mian, store: /o, paths: [/etc] }\n`,
  },
  {
    title: 'overlays on erofs',
    faults: 1,
    yaml: `${one('filesystem: erofs')}overlays: { content: main, store: /o, paths: [/etc] }\n`,
  },
  {
    title: 'overlays on a slot',
    faults: 1,
    yaml: `${one('slot: A, filesystem: ext4')}overlays: { content: main, store: /o, paths: [/etc] }\n`,
  },
  {
    title: 'overlay store with ..',
    faults: 1,
    yaml: `${one('filesystem: ext4, mountFlags: [sync]')}overlays: { content: main, store: /o/../.., paths: [/etc] }\n`,
  },
  {
    title: 'overlays nested, twice, whole root',
    faults: 3,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [/var, /var/lib, /var/, /] }\n`,
  },
  {
    title: 'overlay where something is mounted',
    faults: 1,
    yaml: `${one('filesystem: ext4, mount: /m')}overlays: { content: main, store: /o, paths: [/m] }\n`,
  },
  {
    title: 'overlay below what is mounted later',
    faults: 1,
    yaml: `${one('filesystem: ext4, mount: /m')}overlays: { content: main, store: /o, paths: [/mm, /m/n] }\n`,
  },
  {
    title: 'overlay around what is mounted later, and below the root',
    faults: 0,
    yaml: `${around(lines('name: Main, size: "77 MiB", type: linux, filesystem: ext4, mount: /m/n', `name: Top, ${root}, mount: /`))}overlays: { content: main, store: /o, paths: [/m] }\n`,
  },
  {
    title: 'overlays on a partition mounted read-only',
    faults: 1,
    yaml: `${one('filesystem: ext4, mountFlags: [nosuid, ro]')}overlays: { content: main, store: /o, paths: [/m] }\n`,
  },
  {
    title: 'overlays on all of a partition',
    faults: 1,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: //, paths: [/m] }\n`,
  },
  {
    title: 'overlays and direct directories in every form',
    faults: 0,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [{ path: /etc, mode: declared }, { path: /var, flags: [noexec] }], direct: [{ path: /var/box, flags: [] }] }\n`,
  },
  {
    title: 'declared where it cannot be, and without a place for what it keeps',
    faults: 2,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [{ path: /home, mode: declared }, { path: /etc, mode: declared }] }\n`,
  },
  {
    title: 'an overlay entry that is neither',
    faults: 2,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [7, { pth: /etc }] }\n`,
  },
  {
    title: 'unknown mode of an overlay',
    faults: 1,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [{ path: /etc, mode: declare }] }\n`,
  },
  {
    title: 'direct: twice, on an overlay, around one, nested, nowhere, on FAT, the whole root',
    faults: 7,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [/var, /srv/x], direct: [{ path: /var/box }, { path: /var/box/ }, { path: /var }, { path: /srv }, { path: /var/box/in }, { path: /var/a, content: mian }, { path: /var/b, content: boot }, { path: / }] }\n`,
  },
  {
    title: 'direct on what an update replaces, and below what is mounted later',
    faults: 2,
    yaml: `${around(lines('name: Main, size: "77 MiB", type: linux, filesystem: ext4, mount: /m', 'name: KeepA, slot: A, size: "9 MiB", type: linux, filesystem: ext4', 'name: KeepB, slot: B, size: "9 MiB", type: linux, filesystem: ext4'))}overlays: { content: main, store: /o, paths: [/var], direct: [{ path: /var/box, content: keep }, { path: /m/n }] }\n`,
  },
  {
    title: 'policies of every form, the longer inside the shorter',
    faults: 0,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [/etc, /home], atUpdate: [{ path: /etc/, policy: take-new }, { path: /etc/reef.d, policy: keep }, { path: /home//reef/.rc, policy: take-new }] }\n`,
  },
  {
    title: 'policies: twice, in no overlay, misspelt, on direct, not plain, ..',
    faults: 8,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [/etc, /srv/reef], direct: [{ path: /etc/box }], atUpdate: [{ path: /etc/a, policy: keep }, { path: /etc/a/, policy: take-new }, { path: /usr, policy: keep }, { path: /ect/reef, policy: keep }, { path: /srv/reeef/a, policy: keep }, { path: /etc/box/in, policy: take-new }, { path: /etc/a b, policy: keep }, { path: /, policy: take-new }, { path: "/etc/$x|keep", policy: keep }] }\n`,
  },
  {
    title: 'policies: unknown word, missing key, a step up',
    faults: 4,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [/etc], atUpdate: [{ path: /etc/a, policy: take_newer }, { path: /etc/b }, { policy: keep }, { path: /etc/../usr, policy: keep }] }\n`,
  },
  {
    title: 'a policy in a declared overlay',
    faults: 1,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, store: /o, paths: [{ path: /etc, mode: declared }, /var], atUpdate: [{ path: /etc/reef, policy: take-new }, { path: /var/reef, policy: take-new }] }\n`,
  },
  { title: 'overlays in memory', faults: 0, yaml: `${one('filesystem: ext4')}overlays: { paths: [/etc, /var] }\n` },
  {
    title: 'overlays in memory that would keep something',
    faults: 3,
    yaml: `${one('filesystem: ext4')}overlays: { store: /o, paths: [/etc], direct: [{ path: /srv }, { path: /opt, content: main }], atUpdate: [{ path: /etc/reef, policy: keep }] }\n`,
  },
  {
    title: 'a partition that grows beside overlays in memory',
    faults: 1,
    yaml: `${one('filesystem: ext4, grow: true')}overlays: { paths: [/etc, /var] }\n`,
  },
  {
    title: 'overlays on a partition, but nowhere there',
    faults: 1,
    yaml: `${one('filesystem: ext4')}overlays: { content: main, paths: [/etc] }\n`,
  },
  {
    title: 'overlays on a partition that is not there, and nowhere on it',
    faults: 2,
    yaml: `${one('filesystem: ext4')}overlays: { content: mian, paths: [/etc] }\n`,
  },
  {
    title: 'flags of what nothing mounts, beside overlays in memory',
    faults: 1,
    yaml: `${one('filesystem: ext4, mountFlags: [noexec]')}overlays: { paths: [/etc] }\n`,
  },
  { title: 'overlays without keys', faults: 1, yaml: `${one('filesystem: ext4')}overlays: {}\n` },
  {
    title: 'a faulty partition does not hide the faults of others',
    faults: 3,
    yaml: around(
      lines(
        'name: X, size: 8, type: linux',
        'name: Y, size: "8 MiB", type: linux, label: y',
        'name: Y, size: "8 MiB", type: linux',
      ),
    ),
  },
  {
    title: 'an overlap shows in spite of a typing error before it',
    faults: 2,
    yaml: around(
      lines(
        'name: X, sise: "1 GiB", type: linux',
        `name: Y, start: "2 GiB", ${root}`,
        'name: Z, start: "4 GiB", size: "8 MiB", type: linux',
        'name: Q, size: "8 MiB", type: linux',
      ),
    ),
  },
  {
    title: 'no false overlap behind a partition of unknown size',
    faults: 1,
    yaml: around(
      lines(
        'name: X, size: big, type: linux',
        `name: Y, ${root}`,
        'name: Z, start: "1 GiB", size: "8 MiB", type: linux',
      ),
    ),
  },
  {
    title: 'a foreign key hides nothing',
    faults: 2,
    yaml: one('remarks: mine, start: "100.5 MiB"'),
  },
];

testTable({
  golden: 'layout.txt',
  file: 'layouts/zebra.yaml',
  rows,
  check: document => checkLayout(document, 'zebra').faults,
});
