import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { payload, readSlot, type SlotContent } from '../../pipeline/powercut/slot-content.ts';
import { slotOf } from '../../pipeline/powercut/subject.ts';
import { MIB, ROOT_HASH } from '../disk/inspect/image.ts';
import { made, spyOn } from '../formats/made.ts';
import { FEC_ROOT_HASH } from '../tamper/programs.ts';
import { cutDisk, kernel, NEW_ROOT, OLD_ROOT, type CutDisk } from './disk.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const read = async ({ bytes, subject }: CutDisk, slot: string): Promise<SlotContent | string> =>
  readSlot(spyOn(bytes).read, slotOf(await subject(), slot));

describe('a slot', () => {
  it('is its kernel’s partition and, to the end of its hash tree, the root', async () => {
    expect(await read(await cutDisk(), 'A')).toEqual({
      rootHash: ROOT_HASH,
      boot: { bytes: MIB, sha256: sha256(await kernel(OLD_ROOT.asks)) },
      root: { bytes: OLD_ROOT.end, sha256: sha256(made('verity').subarray(0, OLD_ROOT.end)) },
    });
  });

  it('has its FEC where the kernel asks for it', async () => {
    const disk = await cutDisk();
    disk.bytes.set(await kernel(NEW_ROOT.asks), disk.at('HullB'));
    disk.bytes.set(made('fec-2'), disk.at('SandB'));
    expect(await read(disk, 'B')).toMatchObject({
      rootHash: FEC_ROOT_HASH,
      root: { bytes: NEW_ROOT.end, sha256: sha256(made('fec-2')) },
    });
  });
});

describe('a slot that is not whole', () => {
  const change = (name: string, change: (part: Uint8Array) => Promise<Uint8Array> | Uint8Array) => ({ name, change });
  it.each([
    ['an empty boot partition', change('HullA', part => part.fill(0)), 'no boot sector of FAT'],
    ['no kernel', change('HullA', () => made('fat12').subarray(0, MIB)), 'no /EFI/CAISSON/SLOT.EFI'],
    ['half a kernel', change('HullA', part => part.fill(0, 30_208, 30_720)), 'no EFI program'],
    ['a kernel of another root', change('HullA', () => kernel(NEW_ROOT.asks)), 'no hash tree'],
    [
      'a kernel whose profiles disagree',
      change('HullA', part => {
        const text = 'caisson.slot=B';
        const at = Buffer.from(part).lastIndexOf(text);
        part[at + text.length - 1] = 65;
        const hash = Buffer.from(part).lastIndexOf('caisson.roothash=');
        part[hash + 17] = 0x66;
        return part;
      }),
      'profiles of its kernel ask for different roots',
    ],
    ['a kernel that asks for none', change('HullA', () => kernel('tide=low')), 'asks for no root by its hash'],
    ['an empty root', change('SandA', part => part.fill(0)), 'no hash tree where its kernel looks for it'],
    ['another hash tree', change('SandA', part => part.fill(7, 12_288, 12_300)), `its kernel asks for ${ROOT_HASH}`],
  ])('%s is told', async (_, { name, change: changed }, message) => {
    const disk = await cutDisk();
    const at = disk.at(name);
    const subject = await disk.subject();
    disk.bytes.set(await changed(disk.bytes.slice(at, at + MIB)), at);
    const found = await readSlot(spyOn(disk.bytes).read, slotOf(subject, 'A'));
    expect(found).toContain(`slot A: `);
    expect(found).toContain(message);
  });

  it('payload has no more bytes than there are', async () => {
    await expect(payload(spyOn(new Uint8Array(9)).read, { start: 2, end: 9 }, 8)).rejects.toThrow(
      '8 bytes where 7 are',
    );
  });
});
