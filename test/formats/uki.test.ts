import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodeEfiProgram, type EfiProgram } from '../../pipeline/formats/uki.ts';
import { made, poke, spyOn } from './made.ts';

const decode = (bytes: Uint8Array): Promise<EfiProgram> => decodeEfiProgram(spyOn(bytes).read, bytes.length);
/** Offset in uki.img of the table entry of a section, by its place in the table. */
const view = new DataView(made('uki').buffer);
const COFF = view.getUint32(60, true);
const entry = (index: number): number => COFF + 24 + view.getUint16(COFF + 20, true) + 40 * index;

describe('decodeEfiProgram', () => {
  it('reads a UKI of three profiles as it was put together', async () => {
    expect(await decode(made('uki'))).toMatchObject({
      kind: 'uki',
      machine: 'x86-64',
      osRelease: { ID: 'reef', NAME: 'The Reef', PRETTY_NAME: 'Reef "7" at night' },
      uname: '7.8.9-kelp',
      sbat: [
        'sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md',
        'reef,7,Reef,reef,1,https://example.org/',
      ],
      profiles: [
        { index: 0, id: 'day', title: 'By day', cmdline: 'tide=low roothash=day', overrides: [] },
        { index: 1, id: 'night', title: 'By night', cmdline: 'tide=high roothash=night', overrides: ['.cmdline'] },
        { index: 2, id: 'dusk', title: '', cmdline: 'tide=low roothash=day', overrides: ['.uname'] },
      ],
    });
  });

  it('knows an add-on, and a program that is neither', async () => {
    expect(await decode(made('addon'))).toMatchObject({
      kind: 'addon',
      osRelease: {},
      uname: null,
      profiles: [{ index: null, id: '', title: '', cmdline: 'extra', overrides: [] }],
    });
    const other = made('addon');
    other.set(new TextEncoder().encode('.text2\0\0\0'), Buffer.from(other).indexOf('.cmdline'));
    expect(await decode(other)).toMatchObject({
      kind: 'program',
      profiles: [],
      sbat: [expect.any(String), expect.any(String)],
    });
  });

  it('takes the text of the base from the base alone', async () => {
    const bytes = made('uki');
    bytes.set(new TextEncoder().encode('.other'), entry(4));
    expect(await decode(bytes)).toMatchObject({ uname: null, profiles: [{}, {}, { overrides: ['.uname'] }] });
  });

  it('takes text up to its first NUL', async () => {
    const bytes = made('uki');
    bytes.set(new TextEncoder().encode('7.8\0rest'), 0xc00);
    expect(await decode(bytes)).toMatchObject({ uname: '7.8' });
  });

  it('takes the last of a key, and no line without one', async () => {
    const bytes = made('uki');
    bytes.set(
      new TextEncoder().encode("# ID=no\nID=first\n\nID='it'\n=x\nname\n__proto__=1\n".padEnd(0x3a, '\n')),
      0x800,
    );
    expect((await decode(bytes)).osRelease).toMatchObject({ ID: 'it' });
    expect(Object.keys((await decode(bytes)).osRelease)).toEqual(['ID', '__proto__']);
  });

  it('refuses text of more than 64 KiB', async () => {
    const long = new Uint8Array(200_000);
    long.set(made('uki'));
    const sized = poke(poke(long, { at: entry(3) + 8, value: 65_537, width: 4 }), {
      at: entry(3) + 16,
      value: 66_048,
      width: 4,
    });
    await expect(decode(sized)).rejects.toThrow('section .cmdline of 65537 bytes; text has at most 65536');
  });

  it('answers any changed byte with a value or FormatFault', async () => {
    const sound = made('uki');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async changes => {
          const bytes = new Uint8Array(sound);
          for (const [at, value] of changes) bytes[at] = value;
          const found = await decode(bytes).catch((error: unknown) => error);
          if (!(found instanceof FormatFault)) expect(found).toHaveProperty('profiles');
        },
      ),
      { numRuns: 500 },
    );
  });
});
