import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Slot } from '../../pipeline/config/types.ts';
import { grubConfiguration } from '../../pipeline/stages/selector/grub.ts';
import { selector } from '../../pipeline/stages/selector.ts';
import { decodeGrubenv, encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { layoutOf, twoSlots, viewOf } from './documents.ts';

const slotsOf = (layout = twoSlots()): ReturnType<typeof selector.resolve>['slots'] =>
  selector.resolve({ boot: 'kern', state: 'state' }, viewOf({ layout })).slots;
const oneSlot = layoutOf([
  { number: 17, name: 'Kern', content: 'kern', slot: 'A', filesystem: 'vfat' },
  { number: 5, name: 'State', content: 'state', slot: 'A', filesystem: 'vfat' },
]);

describe('grub.cfg', () => {
  test('of two slots', async () =>
    await expect(grubConfiguration(slotsOf())).toMatchFileSnapshot('golden/grub-two-slots.cfg'));

  test('of one slot', async () =>
    await expect(grubConfiguration(slotsOf(oneSlot))).toMatchFileSnapshot('golden/grub-one-slot.cfg'));

  test('starts each slot from its own partition, by its own profiles', () => {
    const text = grubConfiguration(slotsOf());
    const starts = text.matchAll(
      /profile=(\d)\n.*profile=(\d);.*\n.*chainloader "\(\$disk,gpt(\d+)\)\S+ "@\$profile"/g,
    );
    expect([...starts].map(match => match.slice(1))).toEqual([
      ['1', '3', '3'],
      ['2', '4', '7'],
    ]);
  });

  test('reads the state on the first slot’s partition, else on the others’', () => {
    expect(
      [...grubConfiguration(slotsOf()).matchAll(/set state="\(\$disk,gpt(\d+)\)/g)].map(match => match[1]),
    ).toEqual(['14', '15']);
    expect(
      [...grubConfiguration(slotsOf(oneSlot)).matchAll(/set state="\(\$disk,gpt(\d+)\)/g)].map(match => match[1]),
    ).toEqual(['5']);
  });

  test('without any state it takes as good what a new image carries', () => {
    const text = grubConfiguration(slotsOf());
    expect(text).toContain('set A_OK=1\n');
    expect(text).toContain('set B_OK=0\n');
  });

  test.each([2, 1])('every block that begins ends (%d slots)', count => {
    const text = grubConfiguration(slotsOf(count === 2 ? twoSlots() : oneSlot));
    const words = (word: RegExp): number => [...text.matchAll(word)].length;
    expect(words(/(^|[\s;])if /gm)).toBe(words(/(^|[\s;])fi\b/gm));
    expect(words(/(^|[\s;])for /gm)).toBe(words(/(^|[\s;])done\b/gm));
    expect(words(/\{/g)).toBe(words(/\}/g));
  });
});

/** GRUB's commands for bash, whose language is close enough: they say what they would have done. */
const MACHINE = String.raw`
regexp() { case $1 in *:disk) disk=hd7 ;; *:SELECTOR) SELECTOR=15 ;; esac; }
load_env() {
  case " $READABLE " in *" $2 "*) ;; *) return 1;; esac
  from=FILE_; case "$2" in *gpt15*) [ -z "$COPY" ] || from=COPY_ ;; esac
  shift 2
  for name in "$@"; do eval "$name=\"\$$from$name\""; done
}
save_env() { echo "save $2:$(shift 2; for name in "$@"; do eval "printf ' %s=%s' $name \"\$$name\""; done)"; }
chainloader() { echo "start $1 $2"; loaded=$1; }
boot() { case "$loaded" in *"$BOOTS"*) echo booted; exit;; esac; }
sleep() { :; }
reboot() { echo reboot; exit; }
`;

interface Disk {
  state: Record<string, string>;
  /** What the second grubenv holds; default: the same. */
  copy?: Record<string, string>;
  /** Partitions whose grubenv can be read; default: both. */
  readable?: number[];
  /** Partition of the slot that starts; default: any. */
  boots?: number;
}

const NOTHING = 'caisson: no slot could be started; rebooting in 30 seconds';
/** The clock's reading, as GRUB's datehook gives it; the same in every line, so that tests need not repeat it. */
const CLOCK = { YEAR: '2031', MONTH: '4', DAY: '5', HOUR: '6', MINUTE: '7', SECOND: '8' };
const STARTED = ' STARTED=2031_4_5_6_7_8 SELECTOR=15';

/** What the selector does on a machine, line by line; that it saves the time and its own partition is left out. */
function selected(disk: Disk): string[] {
  return spoken(disk).map(line => line.replace(STARTED, ''));
}

function spoken({ state, copy, readable = [14, 15], boots }: Disk, slots = slotsOf()): string[] {
  const script = grubConfiguration(slots).replaceAll(/\bset (\w+=)/g, '$1');
  const out = execFileSync('bash', ['--norc', '--noprofile', '-c', MACHINE + script], {
    encoding: 'utf8',
    env: {
      PATH: '/usr/bin:/bin',
      fw_path: '(hd7,gpt14)/EFI/BOOT',
      READABLE: readable.map(number => `(hd7,gpt${number})/EFI/caisson/grubenv`).join(' '),
      ...CLOCK,
      BOOTS: boots === undefined ? '' : `gpt${boots})`,
      ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`FILE_${name}`, value])),
      COPY: copy === undefined ? '' : 'yes',
      ...Object.fromEntries(Object.entries(copy ?? {}).map(([name, value]) => [`COPY_${name}`, value])),
    },
  });
  return out
    .trimEnd()
    .split('\n')
    .map(line => line.replaceAll('(hd7,gpt', '').replaceAll(/\)\/EFI\/caisson\/(grubenv|slot\.efi)/g, ''));
}

describe('the selector', () => {
  const good = { ORDER: 'A B', A_OK: '1', A_TRY: '0', B_OK: '1', B_TRY: '0' };

  test('saves when it ran and from which partition, beside the tries', () =>
    expect(spoken({ state: good })[0]).toBe(`save 14:${STARTED} A_TRY=1 B_TRY=0`));

  test.each<[string, Disk, string[]]>([
    ['the first in order', { state: good }, ['save 14: A_TRY=1 B_TRY=0', 'caisson: slot A', 'start 3 @1', 'booted']],
    [
      'the first in another order',
      { state: { ...good, ORDER: 'B A' } },
      ['save 14: A_TRY=0 B_TRY=1', 'caisson: slot B', 'start 7 @2', 'booted'],
    ],
    [
      'without verity',
      { state: { ...good, VERITY: 'off' } },
      ['save 14: A_TRY=1 B_TRY=0', 'caisson: slot A', 'start 3 @3', 'booted'],
    ],
    [
      'without verity, the other slot',
      { state: { ...good, VERITY: 'off', ORDER: 'B A' } },
      ['save 14: A_TRY=0 B_TRY=1', 'caisson: slot B', 'start 7 @4', 'booted'],
    ],
    ...['on', 'OFF', 'off;', ''].map((value): [string, Disk, string[]] => [
      `with verity for VERITY=${value}`,
      { state: { ...good, VERITY: value } },
      ['save 14: A_TRY=1 B_TRY=0', 'caisson: slot A', 'start 3 @1', 'booted'],
    ]),
    [
      'with verity when no state can be read',
      { state: { ...good, VERITY: 'off' }, readable: [] },
      ['save 15: A_TRY=1 B_TRY=0', 'caisson: slot A', 'start 3 @1', 'booted'],
    ],
    [
      'a third try',
      { state: { ...good, A_TRY: '2' } },
      ['save 14: A_TRY=3 B_TRY=0', 'caisson: slot A', 'start 3 @1', 'booted'],
    ],
    [
      'no fourth try',
      { state: { ...good, A_TRY: '3' } },
      ['save 14: A_TRY=3 B_TRY=1', 'caisson: slot B', 'start 7 @2', 'booted'],
    ],
    [
      'a slot that is good only',
      { state: { ...good, A_OK: '0' } },
      ['save 14: A_TRY=0 B_TRY=1', 'caisson: slot B', 'start 7 @2', 'booted'],
    ],
    [
      'tries without end of the last good one',
      { state: { ...good, A_TRY: '3', B_OK: '0' } },
      ['save 14: A_TRY=1 B_TRY=0', 'caisson: slot A', 'start 3 @1', 'booted'],
    ],
    [
      'the first of two that are used up',
      { state: { ...good, ORDER: 'B A', A_TRY: '3', B_TRY: '3' } },
      ['save 14: A_TRY=3 B_TRY=1', 'caisson: slot B', 'start 7 @2', 'booted'],
    ],
    [
      'a count that makes no sense as the last try',
      { state: { ...good, A_TRY: 'x' } },
      ['save 14: A_TRY=3 B_TRY=0', 'caisson: slot A', 'start 3 @1', 'booted'],
    ],
    [
      'the other one when the first does not start',
      { state: good, boots: 7 },
      ['save 14: A_TRY=1 B_TRY=0', 'caisson: slot A', 'start 3 @1', 'slot A does not start', 'start 7 @2', 'booted'],
    ],
    [
      'never an empty one',
      { state: { ...good, B_OK: '0' }, boots: 7 },
      [
        'save 14: A_TRY=1 B_TRY=0',
        'caisson: slot A',
        'start 3 @1',
        'slot A does not start',
        'caisson: no slot could be started; rebooting in 30 seconds',
        'reboot',
      ],
    ],
    ...(
      [
        ['none is good', { ...good, A_OK: '0', B_OK: '0' }],
        ['the order names no slot', { ...good, ORDER: 'X $(Y) none' }],
        ['nothing in the state is what it should be', { ORDER: '*', A_OK: 'yes', A_TRY: '-1', B_OK: '1 1', B_TRY: '' }],
      ] as const
    ).map(([title, state]): [string, Disk, string[]] => [
      `what a new image carries when ${title}`,
      { state, boots: 7 },
      [
        expect.stringMatching(/^save 14: A_TRY=1 B_TRY=/) as unknown as string,
        'caisson: slot A',
        'start 3 @1',
        'slot A does not start',
        ...(state.B_OK === '1' ? ['start 7 @2', 'booted'] : [NOTHING, 'reboot']),
      ],
    ]),
    [
      'nothing, says so and tries again, when no slot starts',
      { state: good, boots: 99 },
      [
        'save 14: A_TRY=1 B_TRY=0',
        'caisson: slot A',
        'start 3 @1',
        'slot A does not start',
        'start 7 @2',
        'slot B does not start',
        NOTHING,
        'reboot',
      ],
    ],
    [
      'by the copy when the state is empty',
      { state: {}, copy: { ...good, ORDER: 'B A', VERITY: 'off' } },
      ['save 15: A_TRY=0 B_TRY=1', 'caisson: slot B', 'start 7 @4', 'booted'],
    ],
    [
      'by the copy when the state cannot be read',
      { state: { ...good, ORDER: 'B A' }, readable: [15] },
      ['save 15: A_TRY=0 B_TRY=1', 'caisson: slot B', 'start 7 @2', 'booted'],
    ],
    [
      'what a new image carries when no state can be read',
      { state: { ...good, ORDER: 'B A' }, readable: [] },
      ['save 15: A_TRY=1 B_TRY=0', 'caisson: slot A', 'start 3 @1', 'booted'],
    ],
  ])('starts %s', (_, disk, lines) => expect(selected(disk)).toEqual(lines));
});

test.each([{ VERITY: 'off' }, { VERITY: 'off', ORDER: 'B A', A_OK: '1', B_OK: '1' }, {}])(
  'where verification is enforced, no state starts a slot without it: %j',
  state => {
    const view = viewOf({ verifiedBoot: 'enforced' });
    const { slots } = selector.resolve({ boot: 'kern', state: 'state' }, view);
    const starts = spoken({ state, boots: 99 }, slots).filter(line => line.startsWith('start '));
    expect(starts.length).toBeGreaterThan(0);
    for (const start of starts) expect(['start 3 @1', 'start 7 @2']).toContain(start);
  },
);

describe('the state of a new image', () => {
  test.each([
    [{}, 'A B'],
    [{ order: ['B'] as Slot[] }, 'B A'],
    [{ order: ['B', 'A'] as Slot[] }, 'B A'],
  ])('%j', (options, order) => {
    const { state } = selector.resolve({ boot: 'kern', state: 'state', ...options }, viewOf());
    expect(state).toMatchObject({ ORDER: order, A_OK: '1', A_TRY: '0', B_OK: '0', B_TRY: '0' });
    expect(decodeGrubenv(encodeGrubenv(state))).toEqual(state);
  });
});
