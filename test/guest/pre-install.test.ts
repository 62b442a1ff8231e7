/** What the machine says to a bundle whose signature is good, before a byte of the slot is written. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';
import { machineIn, type Machine } from './machine.ts';

const folder = scratchDirectory();
const BUNDLE = path.join(folder, 'bundle');
/** As RAUC says it of a bundle for slot P, while Q runs. */
const ENVIRONMENT = {
  RAUC_CURRENT_BOOTNAME: 'Q',
  RAUC_BUNDLE_MOUNT_POINT: BUNDLE,
  RAUC_TARGET_SLOTS: '2 4',
  RAUC_SLOT_CLASS_2: 'hull-root',
  RAUC_SLOT_DEVICE_2: path.join(folder, 'dev/caisson/HullP'),
  RAUC_IMAGE_CLASS_2: 'hull-root',
  RAUC_IMAGE_NAME_2: 'hull-root.img',
  RAUC_SLOT_CLASS_4: 'deck',
  RAUC_SLOT_DEVICE_4: path.join(folder, 'dev/caisson/DeckP'),
  RAUC_IMAGE_CLASS_4: 'deck',
  RAUC_IMAGE_NAME_4: 'deck.img',
  RAUC_META_CAISSON_VERSION: '7.10.0',
  RAUC_META_CAISSON_SIZE_HULL_ROOT: '5000',
  RAUC_META_CAISSON_SIZE_DECK: '700',
  RAUC_META_CAISSON_SELECTOR: 'selector.img',
  RAUC_META_CAISSON_SELECTOR_SIZE: '900',
};
let machine: Machine;

beforeEach(async () => {
  machine = await machineIn(folder, ['pre-install'], {
    slot_contents: 'hull-root deck',
    selector_partitions: 'QuayQ QuayP',
  });
  await rm(machine.at('bin'), { recursive: true });
  await mkdir(machine.at('bin'));
  await machine.file('usr/lib/os-release', 'IMAGE_VERSION="7.9.3"\n');
  await machine.file('run/caisson/slot', 'Q\n');
  await machine.program('blockdev', '[ "$1" = --getsize64 ] && stat -L -c %s "$2"');
  await writeFile(machine.at('usr/lib/caisson/rauc-boot'), `#!/bin/sh\n[ "$1" != trial ] || cat ${folder}/trial\n`, {
    mode: 0o755,
  });
  await machine.file('trial', '');
  for (const [name, bytes] of Object.entries({ HullP: 5000, DeckP: 800, QuayQ: 900, QuayP: 900 }))
    await machine.file(`dev/caisson/${name}`, Buffer.alloc(bytes));
  await mkdir(BUNDLE, { recursive: true });
  for (const [name, bytes] of Object.entries({ 'hull-root': 5000, deck: 700, selector: 900 }))
    await machine.file(`bundle/${name}.img`, Buffer.alloc(bytes));
  await machine.file('proc/self/mounts', `/dev/dm-7 ${BUNDLE} squashfs ro 0 0\n`);
  await machine.file('sys/class/block/dm-7/slaves/loop3', '');
});

async function asked(change: Record<string, string> = {}) {
  const { exitCode, stderr } = await machine.run('pre-install', [], { ...ENVIRONMENT, ...change });
  const left = await machine.read('run/caisson/update-refused').catch(() => '');
  return { exitCode, said: stderr.replace('caisson: refused: ', ''), left: left.trim() };
}
const refused = (said: string) => ({ exitCode: 1, said, left: said });

describe('a bundle that fits', () => {
  it.each(['7.10.0', '7.9.3', '7.9.3.1', '8', '7.9.10'])('version %s over 7.9.3 is let through', async version => {
    await machine.file('run/caisson/update-refused', 'an older word\n');
    expect(await asked({ RAUC_META_CAISSON_VERSION: version })).toEqual({ exitCode: 0, said: '', left: '' });
  });
});

describe('refused', () => {
  it.each(['7.9.2', '7.8.10', '6.99', '7.9.3~rc1'])('version %s over 7.9.3', async version => {
    const change = { RAUC_META_CAISSON_VERSION: version };
    expect(await asked(change)).toEqual(
      refused(`version ${version} is lower than 7.9.3, which runs, and the bundle does not allow that`),
    );
    expect(await asked({ ...change, RAUC_META_CAISSON_DOWNGRADE: 'refuse' })).toMatchObject({ exitCode: 1 });
    expect(await asked({ ...change, RAUC_META_CAISSON_DOWNGRADE: 'allow' })).toMatchObject({ exitCode: 0 });
  });

  it.each<[string, string, Record<string, string>]>([
    [
      'no version',
      'the bundle does not say its version: it was not made by caisson',
      { RAUC_META_CAISSON_VERSION: '' },
    ],
    [
      'a root that is too large for its partition',
      'hull-root takes 5001 bytes, and its partition HullP has 5000',
      { RAUC_META_CAISSON_SIZE_HULL_ROOT: '5001' },
    ],
    [
      'another content that is',
      'deck takes 801 bytes, and its partition DeckP has 800',
      { RAUC_META_CAISSON_SIZE_DECK: '801' },
    ],
    ['no size', 'the bundle does not say how large deck is', { RAUC_META_CAISSON_SIZE_DECK: '' }],
    ['a size that is none', 'the bundle does not say how large deck is', { RAUC_META_CAISSON_SIZE_DECK: '7e2' }],
    ['half of a slot', 'the bundle does not bring deck', { RAUC_IMAGE_CLASS_4: '' }],
    [
      'a selector that is too large',
      'the selector takes 901 bytes, more than its partition QuayQ has',
      { RAUC_META_CAISSON_SELECTOR_SIZE: '901' },
    ],
    [
      'a selector of another size',
      'the selector of the bundle is not as large as it says',
      { RAUC_META_CAISSON_SELECTOR_SIZE: '899' },
    ],
    ['a slot that RAUC mistakes', 'slot Q runs, but RAUC takes P for it', { RAUC_CURRENT_BOOTNAME: 'P' }],
  ])('%s', async (_, words, change) => expect(await asked(change)).toEqual(refused(words)));

  it('a file that is larger than it says', async () => {
    await machine.file('bundle/deck.img', Buffer.alloc(801));
    expect((await asked()).said).toBe('deck takes 801 bytes, and its partition DeckP has 800');
  });

  it('while the slot that runs is on trial', async () => {
    await machine.file('trial', 'Q\n');
    expect((await asked()).said).toMatch(/^slot Q runs on trial, .* wait for the health check/);
    await machine.file('trial', 'P\n');
    expect((await asked()).exitCode).toBe(0);
  });

  it('a bundle that cannot be read to its end', async () => {
    await machine.program(
      'cat',
      `case "$*" in *img*) echo 'cat: Input/output error' >&2; exit 1 ;; esac; exec /bin/cat "$@"`,
    );
    expect((await asked()).left).toBe('the bundle is damaged: it cannot be read to its end');
    // What comes over the network is read once, while it is written.
    await machine.file('sys/class/block/dm-8/slaves/nbd0', '');
    await machine.file('proc/self/mounts', `/dev/dm-8 ${BUNDLE} squashfs ro 0 0\n`);
    expect((await asked()).exitCode).toBe(0);
  });
});

describe('a bundle of differences', () => {
  const DELTA = { RAUC_META_CAISSON_DELTA_FROM: '7.9.3', RAUC_META_CAISSON_DELTA_FULL: 'hull-7.10.0.raucb' };
  /** Says of these contents that they are the base, and asks for their files of the bundle. */
  const bases = async (contents: string): Promise<void> =>
    writeFile(
      machine.at('usr/lib/caisson/apply-delta'),
      `#!/bin/sh\n[ "$1" = check ] && [ "$3" = "${BUNDLE}/$2.img" ] && case ' ${contents} ' in *" $2 "*) ;; *) exit 1 ;; esac\n`,
      { mode: 0o755 },
    );
  const full = async (): Promise<string> => machine.read('run/caisson/update-full').catch(() => '');

  it('is let through where their base runs', async () => {
    await bases('hull-root deck');
    expect(await asked(DELTA)).toEqual({ exitCode: 0, said: '', left: '' });
    expect(await full()).toBe('');
  });

  it.each([
    ['hull-root', 'deck'],
    ['deck', 'hull-root'],
  ])('is refused for the full one where only %s is of it', async (right, wrong) => {
    await bases(right);
    expect(await asked(DELTA)).toEqual(
      refused(
        `the bundle holds the differences from 7.9.3, and ${wrong} of slot Q is not of it; take the full bundle, hull-7.10.0.raucb`,
      ),
    );
    expect(await full()).toBe('hull-7.10.0.raucb\n');
  });
});
