/** Each claim can fail: the answers of a sound guest, then with one of them spoilt. */
import { describe, expect, test } from 'vitest';
import { adminUser } from '../../pipeline/claims/admin-user.ts';
import type { Claim } from '../../pipeline/claims/claim.ts';
import { coreDumps } from '../../pipeline/claims/core-dumps.ts';
import { journalCapped } from '../../pipeline/claims/journal-capped.ts';
import { listening } from '../../pipeline/claims/listening.ts';
import { modules } from '../../pipeline/claims/modules.ts';
import { noFailedUnits } from '../../pipeline/claims/no-failed-units.ts';
import { noPackageManager } from '../../pipeline/claims/no-package-manager.ts';
import { noPasswords } from '../../pipeline/claims/no-passwords.ts';
import { overlaysDeclared } from '../../pipeline/claims/overlays-declared.ts';
import { overlaysPersist } from '../../pipeline/claims/overlays-persist.ts';
import { setuidList } from '../../pipeline/claims/setuid-list.ts';
import { SYSCTLS, sysctls } from '../../pipeline/claims/sysctls.ts';
import { tpmOff } from '../../pipeline/claims/tpm.ts';
import { parseExposure, unitExposure } from '../../pipeline/claims/unit-exposure.ts';
import { usrImmutable } from '../../pipeline/claims/usr-immutable.ts';
import { DECLARATION, subject } from './subject.ts';

const USR = usrImmutable.tried.replace(/^.*: /, '').split(', ');

const CASES: readonly {
  claim: Claim;
  sound: string[];
  spoilt: [from: string | RegExp, to: string][];
  before: string;
}[] = [
  {
    claim: usrImmutable,
    sound: USR.map(each => `${each}=1 touch: /usr: Read-only file system`),
    spoilt: USR.map(each => [`${each}=1`, `${each}=0`]),
    before: '',
  },
  { claim: overlaysPersist, sound: ['0=w0rd'], spoilt: [['0=w0rd', '0=cat: no such file']], before: 'w0rd' },
  { claim: overlaysDeclared, sound: ['0=1 '], spoilt: [['0=1', '0=0']], before: '' },
  {
    claim: setuidList,
    sound: ['found=/usr/bin/sudo', 'told=yes'],
    spoilt: [
      ['found=/usr/bin/sudo', 'found=/usr/bin/su'],
      ['told=yes', 'capable=/usr/bin/ping cap_net_raw=ep\ntold=yes'],
    ],
    before: '',
  },
  {
    claim: noPasswords,
    sound: ['shadow=root *', 'shadow=purser !', 'passwd=root 0 x', 'passwd=purser 1000 x', 'su=1 refused'],
    spoilt: [
      ['shadow=root *', 'shadow=root '],
      ['shadow=purser !', 'shadow=purser $y$'],
      ['purser 1000 x', 'purser 0 x'],
      ['purser 1000 x', 'purser 1000 '],
      ['su=1', 'su=0'],
    ],
    before: '',
  },
  {
    claim: noPackageManager,
    sound: ['searched=900'],
    spoilt: [
      ['searched=900', 'searched=0'],
      ['searched=900', 'searched=900\nfound=/usr/bin/dpkg-query'],
      ['searched=900', 'searched=900\nfolder=/var/lib/dpkg'],
    ],
    before: '',
  },
  {
    claim: sysctls,
    sound: Object.entries(SYSCTLS).map(([name, [value]]) => `${name}=${value}`),
    spoilt: [['kernel.dmesg_restrict=1', 'kernel.dmesg_restrict=0']],
    before: '',
  },
  {
    claim: modules,
    sound: [
      'known=erofs',
      'known=dm-verity',
      'known=sctp',
      'barred=sctp',
      'loaded=dm_verity',
      'refused=sctp',
      'loads=0',
    ],
    spoilt: [
      ['barred=sctp', 'barred=rds'],
      ['loaded=dm_verity', 'loaded=dm_verity\nloaded=kvm'],
      ['refused=sctp', 'slipped=sctp'],
      ['loads=0', 'loads=1 not found'],
    ],
    before: '',
  },
  {
    claim: coreDumps,
    sound: ['files=', 'pattern=|/bin/false', 'stored=0', 'limit=0'],
    spoilt: [
      ['files=', 'files=core.7'],
      ['stored=0', 'stored=2'],
      ['limit=0', 'limit=unlimited'],
      ['pattern=|/bin/false', 'pattern=/var/crash/%p'],
    ],
    before: '',
  },
  {
    claim: listening,
    sound: ['open=0.0.0.0:22', 'open=127.0.0.53:53', 'open=[::]:22', 'open=*:8443'],
    spoilt: [
      ['open=[::]:22', 'open=[::]:631'],
      ['open=*:8443', 'open=*:843'],
    ],
    before: '',
  },
  {
    claim: noFailedUnits,
    sound: ['state=running', 'failed=', 'cycles=', 'volatile=no', 'errors=', 'time=Startup finished'],
    spoilt: [
      ['state=running', 'state=degraded'],
      ['failed=', 'failed=anchor.service'],
      ['cycles=', 'cycles=ordering cycle on anchor.mount/start;'],
      ['volatile=no', 'volatile=yes'],
    ],
    before: '',
  },
  {
    claim: adminUser,
    sound: ['own=0 0', 'other=1 no', 'id=uid=1000(purser)'],
    spoilt: [
      ['own=0 0', 'own=1 a password is required'],
      ['other=1', 'other=0'],
    ],
    before: '',
  },
  {
    claim: tpmOff,
    sound: ['devices=', 'group=', 'mode=', 'tools=', 'random=127 none', 'pcr=127 none', 'table=1'],
    spoilt: [
      ['devices=', 'devices=/dev/tpm0'],
      ['tools=', 'tools=/usr/bin/tpm2'],
      ['table=1', 'table=1\nloaded=tpm_crb'],
      ['table=1', 'table=0'],
    ],
    before: '',
  },
  {
    claim: journalCapped,
    sound: ['said=x', 'room=900', 'limit=450', 'filled=500', 'used=448', 'files=9', 'status=active'],
    spoilt: [
      ['used=448', 'used=460'],
      ['limit=450', 'limit=850'],
      ['filled=500', 'filled=300'],
      ['status=active', 'status=failed'],
    ],
    before: '',
  },
  {
    claim: unitExposure,
    sound: ['unit=caisson-keel.service → Overall exposure level for caisson-keel.service: 2.3 OK'],
    spoilt: [['2.3 OK', '7.0 MEDIUM']],
    before: '',
  },
];

describe.each(CASES.map(each => [each.claim.name, each] as const))('%s', (_, { claim, sound, spoilt, before }) => {
  test('of a sound guest is proven', async () => {
    const facts = await claim.prove(subject({ says: sound, before }));
    expect(facts.length).toBeGreaterThan(0);
    expect(facts.filter(each => !each.fits)).toEqual([]);
  });

  test.each(spoilt)('%s -> %s fails', async (from, to) => {
    const says = sound.map(line => (typeof from === 'string' && line.includes(from) ? line.replace(from, to) : line));
    expect(says).not.toEqual(sound);
    const facts = await claim.prove(subject({ says, before }));
    expect(facts.some(each => !each.fits)).toBe(true);
  });
});

test('what rules of one’s own let in may listen, and is promised', async () => {
  const firewall = { ...DECLARATION.firewall!, rules: { v4: ['-A INPUT -p tcp --dport 4711 -j ACCEPT'], v6: [] } };
  const declaration = { ...DECLARATION, firewall };
  expect(listening.promise(declaration)).toContain('but tcp/22, tcp/8443, tcp/4711, on the loopback device');
  expect(listening.promise({ ...declaration, ssh: null, firewall: null })).toBe(
    'Nothing listens on TCP but on the loopback device.',
  );
  const [only] = await listening.prove(subject({ says: ['open=*:4711'], declaration }));
  expect(only?.fits).toBe(true);
  const [stray] = await listening.prove(subject({ says: ['open=*:4711'] }));
  expect(stray?.fits).toBe(false);
});

test('a guest that says nothing is a fault', async () => {
  await expect(noPasswords.prove(subject({ says: [] }))).rejects.toMatchObject({ name: 'ClaimFault' });
  await expect(sysctls.prove(subject({ exitCode: 2 }))).rejects.toMatchObject({ name: 'ClaimFault' });
});

test('what systemd-analyze says', () => {
  const line = 'caisson-a.service → Overall exposure level for caisson-a.service: 9.6 UNSAFE 😨';
  expect(parseExposure(line)).toEqual({ unit: 'caisson-a.service', exposure: 9.6 });
  expect(() => parseExposure('caisson-a.service Failed to load')).toThrow('said nothing of caisson-a.service');
});
