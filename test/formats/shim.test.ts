import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodePe } from '../../pipeline/formats/pe.ts';
import { shimSbatLevel, withoutVendor } from '../../pipeline/formats/shim.ts';
import { made, poke, spyOn } from './made.ts';

const level = (bytes: Uint8Array): Promise<string> => shimSbatLevel(spyOn(bytes).read, bytes.length);

describe('shimSbatLevel', () => {
  it('is the automatic one of the two in the file', async () => {
    expect(await level(made('shim'))).toBe('sbat,1,2024\nmussel,3\n');
  });

  it('refuses what has none, or a damaged one', async () => {
    await expect(level(made('uki'))).rejects.toThrow(/no section \.sbatlevel/);
    const { sections } = await decodePe(spyOn(made('shim')).read, made('shim').length);
    const at = sections.find(({ name }) => name === '.sbatlevel')?.offset ?? 0;
    for (const [place, value] of [
      [at, 1],
      [at + 4, 200],
    ] as const) {
      const broken = poke(made('shim'), { at: place, value, width: 4 });
      await expect(level(broken)).rejects.toThrow(/version 1|a damaged section/);
      await expect(level(broken)).rejects.toThrow(FormatFault);
    }
  });
});

describe('withoutVendor', () => {
  it('trusts nobody any more, and refuses what it refused', async () => {
    const before = Buffer.from(made('vendor'));
    const after = Buffer.from(await withoutVendor(before));
    expect(before.includes('trusted oyster')).toBe(true);
    expect(after.includes('trusted')).toBe(false);
    const at = before.indexOf('trusted oyster');
    expect(after.readUInt32LE(at - 16)).toBe(0);
    after.set(before.subarray(at - 16, at - 12), at - 16);
    after.set(before.subarray(at, at + 14), at);
    expect(after.equals(before)).toBe(true);
  });

  it('may be done again', async () => {
    const once = await withoutVendor(made('vendor'));
    expect(await withoutVendor(once)).toEqual(once);
  });

  it('refuses what has no such section, a damaged one, and a signature', async () => {
    await expect(withoutVendor(made('uki'))).rejects.toThrow(/no section \.vendor_cert/);
    const at = Buffer.from(made('vendor')).indexOf('trusted oyster') - 16;
    for (const [place, value] of [
      [at, 0x1000],
      [at + 8, 8],
    ] as const)
      await expect(withoutVendor(poke(made('vendor'), { at: place, value, width: 4 }))).rejects.toThrow(
        /a damaged section \.vendor_cert/,
      );
    await expect(withoutVendor(made('shim'))).rejects.toThrow(FormatFault);
  });
});
