/** Claims about mounts, disks and what survives: a sound guest, then one thing spoilt. */
import { describe, expect, test } from 'vitest';
import type { Claim } from '../../pipeline/claims/claim.ts';
import { copiesDiffer } from '../../pipeline/claims/copies-differ.ts';
import { directDirectories } from '../../pipeline/claims/direct-directories.ts';
import { dropInTime } from '../../pipeline/claims/drop-in-time.ts';
import { fullPartitions } from '../../pipeline/claims/full-partitions.ts';
import { hostKeyKept } from '../../pipeline/claims/host-key-kept.ts';
import { journalKept } from '../../pipeline/claims/journal-kept.ts';
import { mountFlags } from '../../pipeline/claims/mount-flags.ts';
import { overlayMounts } from '../../pipeline/claims/overlay-mounts.ts';
import { overlayReport } from '../../pipeline/claims/overlay-report.ts';
import { overlayStore } from '../../pipeline/claims/overlay-store.ts';
import { ownDisk } from '../../pipeline/claims/own-disk.ts';
import { rebootReturns } from '../../pipeline/claims/reboot-returns.ts';
import { rootReadOnly } from '../../pipeline/claims/root-read-only.ts';
import { rootVerity } from '../../pipeline/claims/root-verity.ts';
import { umask } from '../../pipeline/claims/umask.ts';
import { unreadableData } from '../../pipeline/claims/unreadable-data.ts';
import { veritySwitch } from '../../pipeline/claims/verity-switch.ts';
import { subject } from './subject.ts';

const MOUNTS = [
  'mount 1 0 253:0 / / ro,nodev - erofs /dev/mapper/root ro',
  'mount 2 1 0:21 / /etc rw,nosuid - overlay overlay rw,upperdir=/run/caisson/declared/etc/upper',
  'mount 3 1 0:22 / /opt rw,nosuid,nodev - overlay overlay rw,upperdir=/run/m/cargo/.hold/layers/opt/upper',
  'mount 4 1 8:20 /.hold/layers /var/.hold/layers ro,nosuid - ext4 /dev/sdb4 rw',
  'mount 5 1 8:20 /d /var/lib/crates rw,nosuid - ext4 /dev/sdb4 rw',
  'mount 6 1 8:19 / /diary rw,nosuid,noexec - ext4 /dev/sdb3 rw',
];
const block = (node: string, fields: string): string => `block ${node} ${fields}`;
const BLOCKS = [
  block('/dev/sda', '8:0 0 99 PTUUID=aaaa\t'),
  block('/dev/sda3', '8:3 1 9 PART_ENTRY_NAME=Diary\tPART_ENTRY_UUID=a3\tPART_ENTRY_DISK=8:0\tUUID=fa3\t'),
  block('/dev/sdb', '8:16 0 99 PTUUID=bbbb\t'),
  block('/dev/sdb1', '8:17 1 9 PART_ENTRY_NAME=HullA\tPART_ENTRY_UUID=b1\tPART_ENTRY_DISK=8:16\t'),
  block('/dev/sdb3', '8:19 1 9 PART_ENTRY_NAME=Diary\tPART_ENTRY_UUID=b3\tPART_ENTRY_DISK=8:16\tUUID=fb3\t'),
  block('/dev/sdb4', '8:20 10 9 PART_ENTRY_NAME=Cargo\tPART_ENTRY_UUID=b4\tPART_ENTRY_DISK=8:16\tUUID=fb4\t'),
];
const VERIFIED = [
  'slot=A',
  `hash=${'ab'.repeat(32)}`,
  'uuid=CRYPT-VERITY-x-root',
  'ro=1',
  'partition=HullA',
  'read=0 9 bytes',
];
const PLACES = [...MOUNTS, ...BLOCKS];
const one = {
  hostKeys: ['ssh-ed25519 one'],
  machineId: '1'.repeat(32),
  diskGuid: 'aaaa',
  guids: { Diary: 'a3' },
  uuids: { Diary: 'fa3', Cargo: 'fa4' },
};

interface Case {
  claim: Claim;
  sound: string[];
  spoilt: [from: string, to: string][];
  before: string;
}

const CASES: readonly Case[] = [
  {
    claim: rootReadOnly,
    sound: [...PLACES, 'touch=1 Read-only file system', 'remount=32 write-protected', 'after=1 Read-only file system'],
    spoilt: [
      ['/ / ro,nodev', '/ / rw,nodev'],
      ['- erofs /dev/mapper', '- ext4 /dev/mapper'],
      ['touch=1', 'touch=0'],
      ['after=1', 'after=0'],
    ],
    before: '',
  },
  {
    claim: rootVerity,
    sound: ['words=quiet caisson.slot=A', ...VERIFIED],
    spoilt: [
      ['hash=ab', 'hash=cd'],
      ['slot=A', 'slot=B'],
      ['uuid=CRYPT-VERITY-x-root', 'uuid='],
      ['ro=1', 'ro=0'],
      ['partition=HullA', 'partition=Cargo'],
      ['read=0', 'read=1'],
    ],
    before: '',
  },
  {
    claim: rootVerity,
    sound: ['words=quiet caisson.verity=off', 'partition=HullA', 'options=ro,nodev'],
    spoilt: [
      ['partition=HullA', 'partition='],
      ['options=ro', 'options=rw'],
    ],
    before: '',
  },
  {
    claim: veritySwitch,
    sound: ['this now=off', 'this next=off', 'after next=on', 'partition=HullA', 'options=ro,nodev'],
    spoilt: [
      ['this now=off', 'this now=on'],
      ['this next=off', 'this next=on'],
      ['after next=on', 'after next=off'],
      ['partition=HullA', 'partition='],
    ],
    before: 'on',
  },
  {
    claim: veritySwitch,
    sound: ['this now=on', 'this next=on', 'after next=off', ...VERIFIED],
    spoilt: [
      ['this now=on', 'this now=off'],
      ['hash=ab', 'hash=cd'],
      ['after next=off', 'after next=on'],
    ],
    before: 'off',
  },
  {
    claim: overlayMounts,
    sound: [...PLACES, '0=0', '1=0'],
    spoilt: [
      ['/opt rw,nosuid,nodev', '/opt rw,nosuid'],
      ['cargo/.hold/layers', 'cargo/elsewhere'],
      ['0=0', '0=1 Read-only'],
      ['- overlay overlay rw,upperdir=/run/m', '- tmpfs x rw,upperdir=/run/m'],
    ],
    before: '',
  },
  {
    claim: overlayStore,
    sound: [...PLACES, 'mode=700 root', 'write=1 no', 'look=2 no', 'holds=opt'],
    spoilt: [
      ['/var/.hold/layers ro', '/var/.hold/layers rw'],
      ['mode=700', 'mode=755'],
      ['write=1', 'write=0'],
      ['look=2', 'look=0'],
      ['holds=opt', 'holds='],
    ],
    before: '',
  },
  {
    claim: directDirectories,
    sound: [...PLACES, 'plain=0', 'overlay=0', 'write=0 layered', 'nested=0'],
    spoilt: [
      ['plain=0', 'plain=126 denied'],
      ['overlay=0', 'overlay=32 wrong fs type'],
      ['write=0', 'write=1'],
      ['nested=0', 'nested=126'],
      ['8:20 /d', '8:19 /d'],
      ['crates rw,nosuid', 'crates rw'],
    ],
    before: '',
  },
  {
    claim: mountFlags,
    sound: [...PLACES, '0=126 denied'],
    spoilt: [
      ['/diary rw,nosuid,noexec', '/diary rw,nosuid'],
      ['0=126', '0=0'],
      ['8:19 / /diary', '8:20 / /diary'],
    ],
    before: '',
  },
  {
    claim: journalKept,
    sound: [...PLACES, 'found=w0rd;more', 'boots=2', 'folder=/x', 'device=8:19', 'files=2', 'volatile=0'],
    spoilt: [
      ['found=w0rd', 'found=other'],
      ['device=8:19', 'device=8:20'],
      ['boots=2', 'boots=1'],
    ],
    before: 'w0rd',
  },
  {
    claim: ownDisk,
    sound: [...PLACES, 'root=8:17', 'named=sdb1', 'named=sdb4'],
    spoilt: [
      ['root=8:17', 'root=8:3'],
      ['root=8:17', 'x=1'],
      ['named=sdb4', 'named=sda3'],
      ['8:19 / /diary', '8:3 / /diary'],
      ['block /dev/sda 8:0 0 99 PTUUID=aaaa', 'block /dev/sda 8:0 0 99 PTUUID=cccc'],
    ],
    before: '',
  },
  {
    claim: copiesDiffer,
    sound: [...BLOCKS, `id=${'2'.repeat(32)}`],
    spoilt: [
      [`id=${'2'.repeat(32)}`, `id=${'1'.repeat(32)}`],
      ['PART_ENTRY_UUID=b3', 'PART_ENTRY_UUID=a3'],
      ['UUID=fb4', 'UUID=fa4'],
    ],
    before: JSON.stringify(one),
  },
  {
    claim: fullPartitions,
    sound: ['0=0', '1=12', 'state=running', 'failed=', 'journald=active', 'sudo=0', 'write=0'],
    spoilt: [
      ['0=0', '0=900000'],
      ['failed=', 'failed=anchor.service'],
      ['journald=active', 'journald=failed'],
      ['sudo=0', 'sudo=1'],
    ],
    before: '',
  },
  {
    claim: unreadableData,
    sound: [
      'volatile=0',
      'motd=kept in memory',
      'status=State: degraded',
      'state=degraded',
      'failed=caisson-volatile.service',
      'write=0',
    ],
    spoilt: [
      ['volatile=0', 'volatile=1'],
      ['motd=kept in memory', 'motd='],
      ['failed=caisson-volatile.service', 'failed='],
      ['write=0', 'write=1'],
    ],
    before: '0',
  },
  { claim: hostKeyKept, sound: [], spoilt: [], before: JSON.stringify(['ssh-ed25519 two']) },
  {
    claim: rebootReturns,
    sound: ['id=new', 'slot=A'],
    spoilt: [
      ['id=new', 'id=old'],
      ['slot=A', 'slot=B'],
    ],
    before: 'old A',
  },
  {
    claim: overlayReport,
    sound: ['file=/etc/issue', 'before=nothing', 'newer=nothing', 'older=changed here: /etc/issue'],
    spoilt: [
      ['older=changed here: /etc/issue', 'older=nothing'],
      ['before=nothing', 'before=changed here: /etc/issue'],
      ['older=changed here: /etc/issue', 'older=changed here: /etc/issue;/etc/caisson-prove-new'],
    ],
    before: '',
  },
  { claim: dropInTime, sound: ['sources=^? 192.0.2.123 0 6'], spoilt: [['192.0.2.123', '192.0.2.124']], before: '' },
  {
    claim: umask,
    sound: ['made=640;750', 'home=700'],
    spoilt: [
      ['made=640;750', 'made=644;755'],
      ['home=700', 'home=755'],
      ['made=640;750', 'made=su: denied'],
    ],
    before: '',
  },
];

const guest = (says: readonly string[], before: string) =>
  subject({ says, before, hostKeys: ['ssh-ed25519 two'], console: ['caisson: WARNING: changes are kept in memory'] });

describe.each(CASES.map(each => [each.claim.name, each] as const))('%s', (_, { claim, sound, spoilt, before }) => {
  test('of a sound guest is proven', async () => {
    const facts = await claim.prove(guest(sound, before));
    expect(facts.length).toBeGreaterThan(0);
    expect(facts.filter(each => !each.fits)).toEqual([]);
  });

  test.each(spoilt)('%s -> %s fails', async (from, to) => {
    const says = sound.map(line => line.replace(from, to));
    expect(says).not.toEqual(sound);
    const facts = await claim.prove(guest(says, before));
    expect(facts.some(each => !each.fits)).toBe(true);
  });
});

test('another host key, or the same one on another copy, fails', async () => {
  const kept = await hostKeyKept.prove(guest([], JSON.stringify(['ssh-ed25519 one'])));
  expect(kept.some(each => !each.fits)).toBe(true);
  const shared = await copiesDiffer.prove(
    guest([...BLOCKS, `id=${'2'.repeat(32)}`], JSON.stringify({ ...one, hostKeys: ['ssh-ed25519 two'] })),
  );
  expect(shared.filter(each => !each.fits).map(each => each.text)).toEqual(['host keys: 1, 1 shared']);
});
