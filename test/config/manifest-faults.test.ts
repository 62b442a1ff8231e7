import { checkManifest } from '../../pipeline/config/manifest.ts';
import { testTable } from './golden.ts';
import type { Row } from './golden.ts';

const sound = `suite: sid
mirrors:
  - url: http://mirror.example/debian
`;
const row = (title: string, faults: number, text: string): Row => ({ title, faults, yaml: `${sound}${text}\n` });

const rows: Row[] = [
  row(
    'sound',
    0,
    'packages: [g++, libc6, 0ad, a2.b-c+]\nmodules: [xt_TCPMSS]\nunits: { enable: ["systemd-fsck@dev-disk.service"] }',
  ),
  { title: 'no suite, no mirrors', faults: 2, yaml: 'packages: []\n' },
  { title: 'no url', faults: 1, yaml: 'suite: sid\nmirrors:\n  - suites: [sid]\n' },
  {
    title: 'ftp, no scheme, no host',
    faults: 3,
    yaml: 'suite: sid\nmirrors: [{ url: "ftp://x/debian" }, { url: deb.debian.org }, { url: "http:///x" }]\n',
  },
  {
    title: 'file and copy are archives too',
    faults: 0,
    yaml: 'suite: sid\nmirrors: [{ url: "http://a.example/x" }, { url: "https://b.example/y" }]\n',
  },
  row('unknown key', 1, 'package: [a1]'),
  row('unknown source', 1, 'source: debain'),
  row('arm64', 1, 'architecture: arm64'),
  row('unknown variant', 1, 'variant: extrakt'),
  row('no component', 1, 'components: []'),
  row('keyring relative', 1, 'keyring: keys/debian.gpg'),
  row('package names', 5, 'packages: [Vim, a, foo-, "vim=1.2", "bash:amd64"]'),
  row('package as a number', 1, 'packages: [7]'),
  row('packages as a word', 1, 'packages: vim'),
  row('package twice', 2, 'packages: [vim, nano, vim, vim]'),
  row('exclude relative', 1, 'exclude: [usr/share/doc]'),
  row('remove with ..', 1, 'remove: { paths: [/usr/../etc] }'),
  row('remove twice', 2, 'remove: { paths: [/a, /a], packages: [vim, vim] }'),
  row('uid out of range', 2, 'users: [{ name: ann, uid: 65534 }, { name: bob, uid: -1 }]'),
  row('uid in quotes', 1, 'users: [{ name: ann, uid: "1000" }]'),
  row('uid with a fraction', 1, 'users: [{ name: ann, uid: 1000.5 }]'),
  row('gid out of range', 1, 'groups: [{ name: staff, gid: 70000 }]'),
  row('user and uid twice', 2, 'users: [{ name: ann, uid: 7 }, { name: ann, uid: 8 }, { name: bob, uid: 7 }]'),
  row('group and gid twice', 2, 'groups: [{ name: ann, gid: 7 }, { name: ann, gid: 8 }, { name: bob, gid: 7 }]'),
  row('user name', 1, 'users: [{ name: Ann B, uid: 7 }]'),
  row('group member name', 1, 'groups: [{ name: g, gid: 7, members: ["-x"] }]'),
  row('gecos with a colon', 1, 'users: [{ name: ann, uid: 7, gecos: "a:b" }]'),
  row('home relative', 1, 'users: [{ name: ann, uid: 7, home: home/ann }]'),
  row('unit without suffix', 1, 'units: { enable: [ssh] }'),
  row('unit twice', 1, 'units: { enable: [ssh.service, ssh.service] }'),
  row('unit enabled and masked', 1, 'units: { enable: [ssh.service], mask: [ssh.service] }'),
  row('unit enabled and disabled', 1, 'units: { enable: [ssh.service], disable: [ssh.service] }'),
  row('unit disabled and masked', 1, 'units: { disable: [ssh.service], mask: [ssh.service] }'),
  row('unknown unit list', 1, 'units: { enabled: [ssh.service] }'),
  row('module with path', 2, 'modules: [kernel/fs/erofs.ko, erofs.ko]'),
  row('module twice', 1, 'modules: [erofs, erofs]'),
  row(
    'faults of schema and rules together',
    3,
    'packages: [vim, vim, V]\nunits: { enable: [a.socket], mask: [a.socket] }',
  ),
];

testTable({
  golden: 'manifest.txt',
  file: 'rootfs-manifests/zebra.yaml',
  rows,
  check: document => checkManifest(document, 'zebra').faults,
});
