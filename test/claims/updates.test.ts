import { describe, expect, it } from 'vitest';
import type { Claim, Subject } from '../../pipeline/claims/claim.ts';
import {
  earlyResets,
  updateDamaged,
  updateInstalls,
  updateStreams,
  updateUnhealthy,
} from '../../pipeline/claims/update-installed.ts';
import { kept, keptFacts } from '../../pipeline/claims/update-kept.ts';
import { updateExpired, updateLower } from '../../pipeline/claims/update-refused.ts';
import { takesUpdates, writtenFunction } from '../../pipeline/claims/updates.ts';
import type { Declaration } from '../../pipeline/formats/declaration.ts';
import { sshFiles } from '../../pipeline/tree/guest/ssh.ts';
import { picked, ready, running } from './running.ts';
import { DECLARATION, subject } from './subject.ts';

const UPDATED: Declaration = { ...DECLARATION, updates: { compatible: 'zebra' } };

const fits = async (claim: Pick<Claim, 'prove'>, asked: Subject): Promise<boolean[]> =>
  (await claim.prove(asked)).map(each => each.fits);

describe('who promises', () => {
  it('an image that takes updates, has two slots, and a user', () => {
    expect(takesUpdates(UPDATED)).toBe(true);
    expect(takesUpdates(DECLARATION)).toBe(false);
    expect(takesUpdates({ ...UPDATED, ssh: null })).toBe(false);
    expect(takesUpdates({ ...UPDATED, partitions: UPDATED.partitions.filter(each => each.slot !== 'B') })).toBe(false);
  });

  it('a health check of the operator, where /etc keeps it', () => {
    expect(updateUnhealthy.applies(UPDATED)).toBe(false);
    const entries = [{ path: '/etc', mode: 'full' as const, flags: [] }];
    const overlays = { content: 'c', store: '/s', entries, direct: [], atUpdate: [] };
    expect(updateUnhealthy.applies({ ...UPDATED, overlays })).toBe(true);
  });
});

describe('what was written', () => {
  it('is asked of the partitions of the other slot, but not of FATs, which have the state', () => {
    const text = writtenFunction({
      partitions: [...UPDATED.partitions, { ...UPDATED.partitions[0]!, name: 'KeelB', slot: 'B', filesystem: 'vfat' }],
    });
    expect(text).toContain("A) set -- 'HullB' ;; *) set -- 'HullA' ;;");
    expect(text).not.toContain('Keel');
  });
});

describe('a bundle that must be refused', () => {
  const says = ['before=8 ', 'after=8 ', 'state-before=ORDER=A B', 'state-after=ORDER=A B'];
  const asked = (end: string, own: readonly string[] = says): Subject =>
    subject({ says: [...own, `end=${end}`], declaration: UPDATED });

  it('is, with a word of why', async () => {
    expect(await fits(updateLower, asked('1 caisson: refused: version 0 is lower than 7.3, which runs'))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it.each([
    ['was installed', '0 caisson: refused: version 0 is lower than 7.3', says],
    ['was refused for another reason', '1 LastError: no such file', says],
    ['says so in the name of its file alone', '1 Installing version 0 is lower than 7.3.raucb failed', says],
  ])('%s: not proven', async (_, end, own) => {
    expect(await fits(updateLower, asked(end, own))).toContain(false);
  });

  it('was refused when sectors were written, or the state: not proven', async () => {
    const [, , ...state] = says;
    expect(
      await fits(
        updateLower,
        asked('1 caisson: refused: version 0 is lower than 7.3', ['before=8 ', 'after=16 ', ...state]),
      ),
    ).toContain(false);
    const changed = ['before=8 ', 'after=8 ', 'state-before=ORDER=A B', 'state-after=ORDER=B A'];
    expect(await fits(updateLower, asked('1 caisson: refused: version 0 is lower than 7.3', changed))).toContain(false);
  });

  it('with the clock put back in any case', async () => {
    const asking = subject({
      says: [...says, 'end=1 LastError: Verify error: certificate has expired'],
      declaration: UPDATED,
    });
    expect(await fits(updateExpired, asking)).not.toContain(false);
    expect(asking.scripts.join()).toMatch(/code=\$\?; date -s "@\$was".*exit \$code/);
  });
});

describe('a slot that settled', () => {
  const GOOD = ['slot=B', 'state=ORDER=B A;A_OK=1;A_TRY=0;B_OK=1;B_TRY=0', 'note=21 /b/good.raucb 9 9'];

  it('runs, is good, and nothing is on trial', async () => {
    expect(await fits(updateInstalls, subject({ says: GOOD, declaration: UPDATED }))).not.toContain(false);
  });

  it.each([
    ['runs not', 'slot=A', GOOD[1]!],
    ['is not good', 'slot=B', 'state=ORDER=B A;B_OK=1;B_TRY=1'],
    ['is still on trial', 'slot=B', `${GOOD[1]!};TRIAL=B`],
  ])('%s: not proven', async (_, slot, state) => {
    expect(
      await fits(updateInstalls, subject({ says: [slot, state, 'note=1 /b 9 9'], declaration: UPDATED })),
    ).toContain(false);
  });
});

describe('an update that never comes up', () => {
  const SAYS = [
    'slot=B',
    'state=ORDER=A B;B_OK=1;B_TRY=0',
    'health=health: good;last update: version 2026.12 in slot A did not come up',
    'seconds=61',
  ];
  const seen = async (tries: number, says = SAYS): Promise<boolean[]> => {
    const lines = [ready('B'), ...Array.from({ length: tries }, () => picked('A')), picked('B'), ready('B')];
    const machine = running({ says, lines });
    await machine.machine.connect(0);
    await machine.machine.connect(machine.machine.console.length);
    return fits(updateDamaged, machine);
  };

  it('was tried three times, and the operator is told', async () => {
    expect(await seen(3)).not.toContain(false);
    expect(await seen(2)).toContain(false);
    expect(await seen(3, [...SAYS.slice(0, 2), 'health=health: good', 'seconds=61'])).toContain(false);
  });
});

describe('what an update keeps', () => {
  const says = (own: Record<string, string>): string[] =>
    Object.entries({
      'host name': 'h',
      'machine id': 'm',
      'host keys': 'k',
      'user keys and identity': 'u',
      'firewall additions': 'f',
      'word in /opt': 'w',
      'word in /var/lib/crates': 'w',
      ...own,
    }).map(([key, value]) => `${key}=${value}`);

  it('is compared, each by its name', async () => {
    const before = await kept(subject({ says: says({}), declaration: UPDATED }));
    const facts = await keptFacts(subject({ says: says({ 'host keys': 'others' }), before, declaration: UPDATED }));
    expect(facts.filter(each => !each.fits).map(each => each.text)).toEqual(['host keys: CHANGED, others']);
  });

  it('host keys are looked for where sshd has them', async () => {
    const asked = subject({ says: says({}), declaration: UPDATED });
    await kept(asked);
    const ssh = { user: 'purser', sudo: 'none', transport: 'tcp' } as const;
    const [, place] = /^HostKey (.*)ed25519_key$/m.exec(sshFiles(ssh)['/etc/ssh/sshd_config']?.text ?? '') ?? [];
    expect(asked.scripts.join('')).toContain(`cat ${place}*_key.pub`);
  });

  it('is nothing where nothing was', async () => {
    const before = await kept(subject({ says: says({ 'word in /opt': '' }), declaration: UPDATED }));
    const facts = await keptFacts(subject({ says: says({ 'word in /opt': '' }), before, declaration: UPDATED }));
    expect(facts.filter(each => !each.fits)).toHaveLength(1);
  });
});

describe('from the network', () => {
  const says = (note: string): string[] => [`note=${note}`];

  it('is proven where nothing of it stays on Data', async () => {
    const streamed = (note: string) => fits(updateStreams, subject({ says: says(note), declaration: UPDATED }));
    expect(await streamed('30 https://192.0.2.7/good.raucb 90000 89000')).not.toContain(false);
    expect(await streamed('30 https://192.0.2.7/good.raucb 90000 9000')).toContain(false);
    await expect(streamed('30 /run/good.raucb 90000 90000')).rejects.toThrow('no tun here');
  });
});

describe('early resets', () => {
  const root = 'caisson: slot A, root /dev/sdz3';

  it('are two, each when the root was found, and the slot stays', async () => {
    let resets = 0;
    const asked = running({
      says: ['slot=A', 'state=A_OK=1;A_TRY=0'],
      lines: [root, root, root, ready('A')],
      machine: { reset: async () => void (resets += 1) },
    });
    expect(await fits(earlyResets, asked)).not.toContain(false);
    expect(resets).toBe(2);
  });
});
