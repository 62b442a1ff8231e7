import { beforeAll, describe, expect, it } from 'vitest';
import { encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import {
  judgeStart,
  startOf,
  type CutJudgement,
  type DiskContents,
  type Versions,
} from '../../pipeline/powercut/judge.ts';
import { contentsOf } from '../../pipeline/powercut/contents.ts';
import type { SlotContent } from '../../pipeline/powercut/slot-content.ts';
import { slotOf, type CutSubject } from '../../pipeline/powercut/subject.ts';
import { made, spyOn } from '../formats/made.ts';
import { cutDisk, kernel, NEW_ROOT, OLD_ROOT, STATE, STATE_AT, UPDATED, type CutDisk } from './disk.ts';

let subject: CutSubject;
let versions: Versions;
/** Within the programs of a selector. */
const LOADER_AT = 26_000;
const NEWER_LOADER = Uint8Array.of(9, 9, 9);

/** Slot B with the new version, the state as it was. */
async function filled(): Promise<CutDisk> {
  const disk = await cutDisk();
  disk.bytes.set(await kernel(NEW_ROOT.asks), disk.at('HullB'));
  disk.bytes.set(made('fec-2'), disk.at('SandB'));
  return disk;
}

const say = ({ bytes, at }: CutDisk, names: readonly string[], block: Uint8Array): void =>
  names.forEach(name => bytes.set(block, at(name) + STATE_AT));

const contentsIn = ({ bytes }: CutDisk): DiskContents =>
  contentsOf({ base: spyOn(bytes).read, log: spyOn(new Uint8Array()).read })([]);

async function judge(disk: CutDisk): Promise<CutJudgement> {
  return judgeStart(contentsIn(disk), { subject, versions });
}

beforeAll(async () => {
  const disk = await filled();
  subject = await disk.subject();
  const contents = contentsIn(disk);
  const newer = await filled();
  newer.bytes.set(NEWER_LOADER, newer.at('ReefA') + LOADER_AT);
  const [selector] = subject.selectors;
  if (selector === undefined) throw new Error('no selector');
  const selectors = [await contents.selector(selector), await contentsIn(newer).selector(selector)];
  versions = {
    active: 'A',
    old: (await contents.slot(slotOf(subject, 'A'))) as SlotContent,
    new: (await contents.slot(slotOf(subject, 'B'))) as SlotContent,
    selectors: selectors.map(each => each?.sha256 ?? ''),
  };
});

describe('a disk from which a machine starts', () => {
  it('is one whose state names the slot that ran, whatever stands in the other one', async () => {
    for (const disk of [await cutDisk(), await filled()])
      expect(await judge(disk)).toEqual({ version: 'old', faults: [] });
    const half = await filled();
    half.bytes.fill(0, half.at('SandB') + 4096, half.at('SandB') + 8192);
    expect(await judge(half)).toEqual({ version: 'old', faults: [] });
  });

  it('is one whose state names the other slot, when that is whole', async () => {
    const disk = await filled();
    say(disk, ['ReefA'], encodeGrubenv(UPDATED));
    expect(await judge(disk)).toEqual({ version: 'new', faults: [] });
  });

  it('may have the second copy of its state alone', async () => {
    const disk = await filled();
    say(disk, ['ReefA'], new Uint8Array(1024));
    say(disk, ['ReefB'], encodeGrubenv(UPDATED));
    expect(await judge(disk)).toEqual({ version: 'new', faults: [] });
    expect(await startOf(contentsIn(disk), subject)).toMatchObject({ slot: 'B', copy: 1 });
  });
});

describe('a disk whose selector is updated', () => {
  const wiped = new Uint8Array(512);

  it('starts by the other one while one is written, and by its state', async () => {
    const disk = await filled();
    disk.bytes.set(wiped, disk.at('ReefA'));
    disk.bytes.set(NEWER_LOADER, disk.at('ReefA') + LOADER_AT);
    say(disk, ['ReefB'], encodeGrubenv(UPDATED));
    expect(await judge(disk)).toEqual({ version: 'new', faults: [] });
  });

  it('starts by the new one', async () => {
    const disk = await filled();
    for (const name of ['ReefA', 'ReefB']) disk.bytes.set(NEWER_LOADER, disk.at(name) + LOADER_AT);
    expect(await judge(disk)).toEqual({ version: 'old', faults: [] });
  });

  it.each([
    ['half of one in a partition that can be read', false, 'the selector on ReefA is neither the old nor the new one'],
    ['none in either', true, 'firmware finds no selector'],
  ])('must not have %s', async (_, none, fault) => {
    const disk = await filled();
    if (none) for (const name of ['ReefA', 'ReefB']) disk.bytes.set(wiped, disk.at(name));
    else disk.bytes.set(NEWER_LOADER.subarray(1), disk.at('ReefA') + LOADER_AT);
    expect(await judge(disk)).toEqual({ version: null, faults: [fault] });
  });
});

describe('a disk from which none should', () => {
  const bad = async (disk: CutDisk, ...faults: string[]): Promise<void> =>
    expect(await judge(disk)).toEqual({
      version: null,
      faults: faults.map(fault => expect.stringContaining(fault) as string),
    });

  it('has no state that can be read', async () => {
    const disk = await filled();
    say(disk, ['ReefA', 'ReefB'], new Uint8Array(1024));
    await bad(disk, 'no copy of the selector’s state can be read');
  });

  it('names a slot that is empty, though another would start', async () => {
    const disk = await cutDisk();
    say(disk, ['ReefA'], encodeGrubenv(UPDATED));
    await bad(disk, 'the selector would start a slot that is not whole: slot B: damaged vfat');
  });

  it('names a slot with the new kernel and no root for it', async () => {
    const disk = await filled();
    disk.bytes.fill(0, disk.at('SandB'), disk.at('SandB') + NEW_ROOT.end);
    say(disk, ['ReefA'], encodeGrubenv(UPDATED));
    await bad(disk, 'slot B: no hash tree where its kernel looks for it');
  });

  it.each([
    ['a byte of the root missing', 'SandB', 4096, 'root'],
    ['a byte of the FEC missing', 'SandB', NEW_ROOT.end - 1, 'root'],
    ['a byte of the kernel missing', 'HullB', 32_000, 'boot'],
  ])('has %s', async (_, name, at, part) => {
    const disk = await filled();
    const place = disk.at(name) + at;
    disk.bytes[place] = (disk.bytes[place] ?? 0) ^ 1;
    say(disk, ['ReefA'], encodeGrubenv(UPDATED));
    await bad(disk, `slot B would start, and its ${part} partition is not the new version’s`);
  });

  it('has the old version, whole, where the new one should be', async () => {
    const disk = await filled();
    disk.bytes.set(await kernel(OLD_ROOT.asks), disk.at('HullB'));
    disk.bytes.set(made('verity'), disk.at('SandB'));
    say(disk, ['ReefA'], encodeGrubenv(UPDATED));
    await bad(disk, 'slot B would start, and its boot and root partition is not the new version’s');
  });

  it('has another byte in the slot that ran', async () => {
    const disk = await filled();
    const place = disk.at('SandA') + 5000;
    disk.bytes[place] = (disk.bytes[place] ?? 0) ^ 1;
    say(disk, ['ReefA'], encodeGrubenv(STATE));
    await bad(disk, 'slot A would start, and its root partition is not the old version’s');
  });
});
