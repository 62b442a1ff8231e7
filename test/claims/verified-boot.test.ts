/** Claims of enforced verification: the course of a sound machine, then with one thing of it spoilt. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { noPrompt, selectorChanged, shimChanged, ukiChanged } from '../../pipeline/claims/boot-chain.ts';
import type { Claim } from '../../pipeline/claims/claim.ts';
import { commandLine } from '../../pipeline/claims/command-line.ts';
import { hashTreeDestroyed, rootBeyondCorrection, superblockDestroyed } from '../../pipeline/claims/falls-back.ts';
import { hostileData } from '../../pipeline/claims/hostile-data.ts';
import { secureBoot } from '../../pipeline/claims/secure-boot.ts';
import { loaderDestroyed, stateEmpty, stateGarbage, stateHostile } from '../../pipeline/claims/selector-state.ts';
import { picked, ready, running, runsFrom, spoilt, type Course } from './running.ts';

interface Case {
  claim: Claim;
  sound: Partial<Course>;
  /** Of an answer or a line. */
  wrong: [from: string, to: string][];
  /** Counts of boots that are wrong too. */
  boots: number[];
}

const unverified: [string, string] = ['CRYPT-VERITY-77-root', ''];
const otherSlot = (slot: 'A' | 'B'): [string, string] => [`slot=${slot}`, `slot=${slot === 'A' ? 'B' : 'A'}`];
const startsOn = (claim: Claim, slot: 'A' | 'B'): Case => ({
  claim,
  sound: { says: runsFrom(slot), lines: [ready(slot)] },
  wrong: [unverified, otherSlot(slot)],
  boots: [],
});
/** Three tries of slot A, and then slot B. */
const fallsBack = (claim: Claim): Case => ({
  claim,
  sound: {
    says: runsFrom('B'),
    lines: [picked('A'), picked('A'), picked('A'), picked('B'), ready('B')],
    boots: 4,
  },
  wrong: [
    unverified,
    otherSlot('B'),
    [picked('B'), `${picked('A')}\n${picked('B')}`],
    [picked('B'), `${ready('A')}\n${picked('B')}`],
    [ready('B'), 'login:'],
  ],
  boots: [],
});

const CASES: Case[] = [
  fallsBack(rootBeyondCorrection),
  fallsBack(hashTreeDestroyed),
  fallsBack(superblockDestroyed),
  startsOn(stateGarbage, 'A'),
  startsOn(stateEmpty, 'A'),
  startsOn(loaderDestroyed, 'B'),
  {
    claim: stateHostile,
    sound: { says: [...runsFrom('B'), 'words=quiet caisson.roothash=ab caisson.slot=B'], lines: [ready('B')] },
    wrong: [
      unverified,
      otherSlot('B'),
      ['quiet', 'init=/bin/sh'],
      ['quiet', 'caisson.verity=off'],
      ['quiet', 'rescue'],
      ['quiet caisson.roothash=ab caisson.slot=B', ''],
    ],
    boots: [],
  },
  {
    claim: ukiChanged,
    sound: { says: runsFrom('B'), lines: ['error: bad shim signature.', 'slot A does not start', ready('B')] },
    wrong: [unverified, otherSlot('B'), ['bad shim signature', 'out of memory']],
    boots: [2],
  },
  {
    claim: shimChanged,
    sound: { says: runsFrom('A'), lines: ['BdsDxe: failed to load Boot0001: Access Denied', ready('A')] },
    wrong: [unverified, otherSlot('A'), ['Access Denied', 'Timeout']],
    boots: [],
  },
  {
    claim: selectorChanged,
    // In a box, as shim draws it.
    sound: {
      says: runsFrom('A'),
      lines: ['┌──────┐', '│  Verification │ failed: (0x1A) Security  Violation │', ready('A')],
    },
    wrong: [unverified, otherSlot('A'), ['Verification │ failed: (0x1A) Security  Violation', 'Time']],
    boots: [],
  },
  {
    claim: noPrompt,
    sound: {
      lines: [
        picked('A'),
        'error: bad shim signature.',
        'no slot could be started; rebooting in 30 seconds',
        'BdsDxe: starting Boot0001',
        picked('B'),
      ],
      boots: 2,
    },
    wrong: [
      ['no slot could be started', 'nothing'],
      [picked('B'), 'off'],
      ['BdsDxe: starting', 'grub> starting'],
      ['BdsDxe: starting Boot0001', 'grub rescue> '],
      ['BdsDxe: starting Boot0001', 'UEFI Interactive Shell>'],
      ['BdsDxe: starting Boot0001', 'quagga login:'],
      ['BdsDxe: starting Boot0001', '[ 3.1] caisson: slot B, root /dev/sda7'],
    ],
    boots: [1],
  },
  {
    claim: commandLine,
    sound: {
      says: [...runsFrom('A'), 'words=quiet caisson.slot=A', 'init=/usr/lib/systemd/systemd'],
      lines: [picked('A'), ready('A'), 'BdsDxe: starting Boot0CA1 "hostile"', ready('A')],
    },
    wrong: [
      unverified,
      otherSlot('A'),
      ['quiet', 'init=/bin/sh'],
      ['quiet', 'caisson.verity=off'],
      ['quiet', 'systemd.unit=rescue.target'],
      ['/usr/lib/systemd/systemd', '/usr/bin/dash'],
      ['BdsDxe: starting Boot0CA1 "hostile"', picked('A')],
    ],
    boots: [],
  },
  {
    claim: secureBoot,
    sound: { says: ['SecureBoot=1', 'SetupMode=0', 'lockdown=none [integrity] confidentiality'] },
    wrong: [
      ['SecureBoot=1', 'SecureBoot=0'],
      ['SecureBoot=1', 'SecureBoot='],
      ['SetupMode=0', 'SetupMode=1'],
      ['none [integrity]', '[none] integrity'],
    ],
    boots: [],
  },
  {
    claim: hostileData,
    sound: {
      says: [
        'mark=1 ',
        'led=1 ',
        'unit=1 No files found for caisson-hostile.service.',
        'preload=1 ',
        'sudoers=1 ',
        'sudo=0 User nobody is not allowed to run sudo on quagga.',
        'passwd=1 ',
        'sshd=1 ',
        'config=port 22;PermitRootLogin no;passwordauthentication no',
      ],
    },
    wrong: [
      ...['mark', 'led', 'unit', 'preload', 'sudoers', 'passwd', 'sshd'].map((key): [string, string] => [
        `${key}=1 `,
        `${key}=0 `,
      ]),
      ['is not allowed to run sudo', 'may run the following commands'],
      ['PermitRootLogin no', 'PermitRootLogin yes'],
      ['passwordauthentication no', 'passwordauthentication yes'],
    ],
    boots: [],
  },
];

describe.each(CASES.map(each => [each.claim.name, each] as const))('%s', (_, { claim, sound, wrong, boots }) => {
  const bad = async (course: Partial<Course>): Promise<string[]> =>
    (await claim.prove(running(course))).filter(each => !each.fits).map(each => each.text);

  test('is proven by a sound machine', async () => {
    expect(await claim.prove(running(sound))).not.toEqual([]);
    expect(await bad(sound)).toEqual([]);
  });

  test.each(wrong)('%s -> %s fails', async (from, to) => expect(await bad(spoilt(sound, from, to))).not.toEqual([]));

  test.each(boots)('in %i boots fails', async count => expect(await bad({ ...sound, boots: count })).not.toEqual([]));
});

describe('somebody at the console', () => {
  afterEach(() => void vi.useRealTimers());

  test('types Enter until the selector is whole again, and then no more', async () => {
    vi.useFakeTimers();
    const asked = running({ says: runsFrom('A'), lines: ['Security Violation', ready('A')] });
    const { connect } = asked.machine;
    asked.machine.connect = async from => {
      while (asked.typed.length < 2) await vi.advanceTimersToNextTimerAsync();
      await connect(from);
    };
    expect((await selectorChanged.prove(asked)).filter(each => !each.fits)).toEqual([]);
    expect(new Set(asked.typed)).toEqual(new Set(['\r']));
    expect(vi.getTimerCount()).toBe(0);
  });

  test('types what would open a prompt, but not what opens the firmware’s menu', async () => {
    vi.useFakeTimers();
    const asked = running({ lines: [picked('A')] });
    const { waitForLine } = asked.machine;
    asked.machine.waitForLine = async (pattern, options) => {
      if (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync();
      return waitForLine(pattern, options);
    };
    await noPrompt.prove(asked);
    const keys = asked.typed.join('');
    for (const key of ['c', 'e', '\u0003', '\r']) expect(keys).toContain(key);
    expect(keys).not.toContain('\u001B');
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('a slot that is never ready is told with the time that it had', async () => {
  const facts = await rootBeyondCorrection.prove(running({ lines: [picked('A')] }));
  expect(facts).toEqual([{ fits: false, text: 'slot B was not ready within 420 s' }]);
});

test('what was refused is told as it stands on the console, without the box', async () => {
  const lines = ['│  Verification │ failed: (0x1A) Security  Violation │', ready('A')];
  const [told] = await selectorChanged.prove(running({ says: runsFrom('A'), lines }));
  expect(told?.text).toBe('Verification failed: (0x1A) Security Violation');
});
