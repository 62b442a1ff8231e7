import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodePe, type Pe } from '../../pipeline/formats/pe.ts';
import { made, poke, spyOn } from './made.ts';

const decode = (bytes: Uint8Array, size = bytes.length): Promise<Pe> => decodePe(spyOn(bytes).read, size);

/** Places in uki.img of made/make.sh, by the documents: e_lfanew, COFF header, optional header, section table. */
const view = new DataView(made('uki').buffer);
const COFF = view.getUint32(60, true);
const OPTIONAL = COFF + 24;
const SECTIONS = OPTIONAL + view.getUint16(COFF + 20, true);
const CERTIFICATES = OPTIONAL + 112 + 4 * 8;

describe('decodePe', () => {
  it('lists sections as objdump -h does, with their sizes in ukify inspect', async () => {
    const { machine, sections, signatures } = await decode(made('uki'));
    expect({ machine, signatures }).toEqual({ machine: 'x86-64', signatures: { count: 0, size: 0 } });
    expect(sections.map(({ name, offset, size }) => `${name} ${offset.toString(16)} ${size.toString(16)}`)).toEqual([
      '.text 400 b',
      '.sdmagic 600 34',
      '.osrel 800 3a',
      '.cmdline a00 15',
      '.uname c00 a',
      '.linux e00 bb8',
      '.initrd 1a00 4d2',
      '.sbat 2000 75',
      '.profile 2200 14',
      '.profile 2400 1a',
      '.cmdline 2600 18',
      '.profile 2800 8',
      '.uname 2a00 a',
    ]);
  });

  it('counts the signatures that sbverify --list shows', async () => {
    const bytes = made('uki-signed');
    const { signatures } = await decode(bytes);
    expect(signatures).toEqual({ count: 2, size: bytes.length - made('uki').length });
  });

  it('counts no certificate of another kind', async () => {
    const bytes = made('uki-signed');
    const at = made('uki').length;
    expect((await decode(poke(bytes, { at: at + 6, value: 1, width: 2 }))).signatures.count).toBe(1);
  });

  it('takes long names out of the string table', async () => {
    const bytes = made('uki');
    const strings = bytes.length;
    const longer = new Uint8Array(strings + 40);
    longer.set(bytes);
    longer.set(new TextEncoder().encode('....a_name_of_a_section\0another'), strings);
    longer.set(new TextEncoder().encode('/4\0\0\0\0\0\0'), SECTIONS);
    longer.set(new TextEncoder().encode('/9999999'), SECTIONS + 40);
    // Two symbols of 18 bytes before the strings.
    const named = poke(poke(longer, { at: COFF + 12, value: strings - 36, width: 4 }), {
      at: COFF + 16,
      value: 2,
      width: 4,
    });
    expect((await decode(named)).sections.slice(0, 2).map(({ name }) => name)).toEqual([
      'a_name_of_a_section',
      '/9999999',
    ]);
  });

  it.each<[string, { at: number; value: number; width: 1 | 2 | 4 }, RegExp]>([
    ['no MZ', { at: 0, value: 0x4e, width: 1 }, /no EFI program: no signature "MZ"/],
    ['no PE', { at: COFF, value: 0x4e, width: 1 }, /no EFI program: no signature "PE"/],
    [
      'a header behind the end',
      { at: 60, value: 11_250, width: 4 },
      /its header is said to be at 11250, the file has 11264/,
    ],
    ['600 sections', { at: COFF + 6, value: 600, width: 2 }, /600 sections/],
    [
      'sections that go on behind the end',
      { at: COFF + 6, value: 500, width: 2 },
      /truncated: the section table|section/,
    ],
    ['an optional header of another kind', { at: OPTIONAL, value: 0x107, width: 2 }, /of kind 0x107/],
    ['an optional header of 1 byte', { at: COFF + 20, value: 1, width: 2 }, /optional header of one byte/],
    [
      'a section behind the end',
      { at: SECTIONS + 20, value: 11_000, width: 4 },
      /section ".text" is at \[11000, 11512\), the file ends at 11264/,
    ],
    [
      'certificates behind the end',
      { at: CERTIFICATES + 4, value: 800, width: 4 },
      /certificates are at \[0, 800\)|a certificate of/,
    ],
  ])('refuses %s', async (_, place, message) => {
    await expect(decode(poke(made('uki'), place))).rejects.toThrow(message);
    await expect(decode(poke(made('uki'), place))).rejects.toThrow(FormatFault);
  });

  it('refuses an optional header that ends before its directories', async () => {
    const none = poke(made('uki'), { at: COFF + 6, value: 0, width: 2 });
    await expect(decode(poke(none, { at: COFF + 20, value: 100, width: 2 }))).rejects.toThrow(
      'optional header of 100 bytes',
    );
  });

  it('refuses certificates whose lengths do not add up', async () => {
    const [bytes, at] = [made('uki-signed'), made('uki').length];
    await expect(decode(poke(bytes, { at, value: 7, width: 4 }))).rejects.toThrow(/a certificate of 7 bytes/);
    await expect(decode(poke(bytes, { at, value: 90_000, width: 4 }))).rejects.toThrow(/a certificate of 90000 bytes/);
    await expect(decode(bytes.subarray(0, -1))).rejects.toThrow(
      /certificates are at \[11264, 14320\), the file ends at 14319/,
    );
  });

  it('has no certificates in a header without that directory, or in none', async () => {
    const short = poke(made('uki-signed'), { at: OPTIONAL + 108, value: 4, width: 4 });
    expect((await decode(short)).signatures).toEqual({ count: 0, size: 0 });
  });

  it('names any file that is cut short', async () => {
    const bytes = made('uki');
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async length => {
        // The last section is padded to 512 bytes, which the table counts as its own.
        await expect(decode(bytes.subarray(0, length))).rejects.toThrow(/no EFI program|damaged EFI program|truncated/);
      }),
      { numRuns: 60 },
    );
  });

  it('answers any changed bytes with a value or FormatFault, and reads little', async () => {
    const sound = made('uki-signed');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(SECTIONS + 40 * 13), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async changes => {
          const bytes = new Uint8Array(sound);
          for (const [at, value] of changes) bytes[at] = value;
          const spy = spyOn(bytes);
          const found = await decodePe(spy.read, bytes.length).catch((error: unknown) => error);
          if (!(found instanceof FormatFault)) expect(found).toHaveProperty('sections');
          expect(spy.total()).toBeLessThan(2 ** 18);
        },
      ),
      { numRuns: 500 },
    );
  });
});
