import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { readExtents, readFatLayout } from '../../pipeline/formats/fat-files.ts';
import { made, poke, spyOn } from './made.ts';

const CORAL = 'coral\n'.repeat(4000);

/** mcopy wrote them (made/make.sh). */
describe.each(['fat12', 'fat16', 'fat32', 'fat4k'])('%s', name => {
  it('finds files and their bytes', async () => {
    const { read } = spyOn(made(name));
    const files = (await readFatLayout(read)).files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ['/REEF/ANEMONE.TXT', 8],
      ['/REEF/CORAL.TXT', CORAL.length],
    ]);
    const texts = await Promise.all(files.map(async ({ extents }) => readExtents(read, extents, 2 ** 20)));
    expect(texts.map(each => Buffer.from(each).toString())).toEqual(['anemone\n', CORAL]);
  });

  it('counts tables and directories as its own, and no byte twice', async () => {
    const { files, system } = await readFatLayout(spyOn(made(name)).read);
    const all = [...system, ...files.flatMap(({ extents }) => extents)].sort(
      (a, b) => a.start - b.start || a.end - b.end,
    );
    expect(all[0]?.start).toBe(0);
    const data = all.filter(({ start }) => start > 0 && start >= (system[0]?.end ?? 0));
    for (const [index, { end }] of data.entries()) expect(data[index + 1]?.start ?? end).toBeGreaterThanOrEqual(end);
  });
});

describe('a boot partition', () => {
  it('has files in pieces, by their long names', async () => {
    const { read } = spyOn(made('esp'));
    const { files } = await readFatLayout(read);
    expect(files.map(({ path, extents }) => [path, extents.length])).toEqual([
      ['/EFI/BOOT/BOOTX64.EFI', 1],
      ['/EFI/BOOT/GRUBX64.EFI', 1],
      ['/EFI/CAISSON/GRUBENV', 1],
      ['/EFI/CAISSON/SLOT.EFI', 2],
    ]);
    const slot = files.find(({ path }) => path.endsWith('SLOT.EFI'));
    const bytes = await readExtents(read, slot?.extents ?? [], 2 ** 20);
    expect(Buffer.from(bytes).equals(made('uki-signed'))).toBe(true);
  });

  it('answers any damage to its tables with files or FormatFault', async () => {
    const sound = made('esp');
    const end = (await readFatLayout(spyOn(sound).read)).system[0]?.end ?? 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: end - 1 }), fc.nat(255)), { minLength: 1, maxLength: 9 }),
        async changes => {
          const bytes = new Uint8Array(sound);
          for (const [at, value] of changes) bytes[at] = value;
          const found = await readFatLayout(spyOn(bytes).read).catch((error: unknown) => error);
          if (!(found instanceof FormatFault)) expect(found).toHaveProperty('files');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('names what is no FAT', async () => {
    await expect(readFatLayout(spyOn(poke(made('esp'), { at: 510, value: 0, width: 1 })).read)).rejects.toThrow(
      /no boot sector of FAT/,
    );
    await expect(readExtents(spyOn(made('esp')).read, [{ start: 0, end: 9 }], 8)).rejects.toThrow(/9 bytes where 8/);
  });
});
