import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { extendedPcr, extendPcr, INITIAL_PCR, pcr11OfProfiles } from '../../pipeline/formats/pcr.ts';
import { decodePe, type PeSection } from '../../pipeline/formats/pe.ts';
import { made, spyOn } from './made.ts';

/** `systemd-measure calculate --bank=sha256 --phase=:` of systemd 257, with the sections of each profile of uki.img. */
const MEASURED = [
  'ab9cdc093db93202a88b23d9eceffdbb2cf0138108408ee8ed187e772e549811',
  'f3401790741696cc0091103ab85b6c52a4ac0f63f675681be907bd442762ee2d',
  '000a1562d54107dd85bf64f244d4d326954a41e2f7f0627db6b46f028bd6abfd',
];

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const sectionsOf = async (bytes: Uint8Array): Promise<PeSection[]> =>
  (await decodePe(spyOn(bytes).read, bytes.length)).sections;

/** Sections one after the other in a file of their own: [name, content, bytes in memory]. */
async function measure(...parts: [string, string, number][]): Promise<string[]> {
  const bytes = Buffer.from(parts.map(([, content]) => content).join(''));
  let offset = 0;
  const sections = parts.map(([name, { length }, memory]) => ({
    name,
    offset: (offset += length) - length,
    size: length,
    memory,
  }));
  return pcr11OfProfiles(spyOn(bytes).read, sections);
}

describe('extendPcr', () => {
  it('hashes the old value and the new digest', () => {
    expect(extendPcr(INITIAL_PCR, sha256('kelp'))).toBe(
      sha256(Buffer.concat([Buffer.alloc(32), Buffer.from(sha256('kelp'), 'hex')])),
    );
    expect(extendedPcr([])).toBe(INITIAL_PCR);
    expect(extendedPcr([sha256('a'), sha256('b')])).toBe(extendPcr(extendPcr(INITIAL_PCR, sha256('a')), sha256('b')));
  });
});

describe('pcr11OfProfiles', () => {
  it('is what systemd-measure calculates for each profile', async () => {
    const bytes = made('uki');
    expect(await pcr11OfProfiles(spyOn(bytes).read, await sectionsOf(bytes))).toEqual(MEASURED);
  });

  it('is not changed by signatures', async () => {
    const bytes = made('uki-signed');
    expect(await pcr11OfProfiles(spyOn(bytes).read, await sectionsOf(bytes))).toEqual(MEASURED);
  });

  it('measures name with NUL and content, in the order of the stub and not of the file', async () => {
    expect(await measure(['.cmdline', 'tide', 4], ['.text', 'code', 4], ['.linux', 'reef', 4])).toEqual([
      extendedPcr(['.linux\0', 'reef', '.cmdline\0', 'tide'].map(sha256)),
    ]);
  });

  it('refuses sections that no machine has room for, before it hashes them', async () => {
    const huge = 2 ** 32 - 1;
    await expect(measure(['.linux', 'reef', huge])).rejects.toThrow(
      'with .linux, of 4294967295 bytes in memory, its sections have more than 256 MiB of zeros',
    );
    const sections = ['.linux', '.initrd'].map(name => ({ name, offset: 0, size: huge, memory: huge }));
    await expect(pcr11OfProfiles(spyOn(Buffer.alloc(9)).read, sections)).rejects.toThrow('more than 2 GiB');
  });

  it('leaves out .pcrsig, what has no size, and the second of a name', async () => {
    const plain = await measure(['.linux', 'reef', 4]);
    expect(
      await measure(['.linux', 'reef', 4], ['.pcrsig', '{}', 2], ['.initrd', '', 0], ['.linux', 'sand', 4]),
    ).toEqual(plain);
  });

  it('counts the zeros that follow a section in memory', async () => {
    expect(await measure(['.linux', 'reef', 2 ** 20 + 7])).toEqual([
      extendedPcr([sha256('.linux\0'), sha256(Buffer.concat([Buffer.from('reef'), Buffer.alloc(2 ** 20 + 3)]))]),
    ]);
  });

  it('reads what profiles share once, by the MiB', async () => {
    const kernel = Buffer.alloc(3 * 2 ** 20, 'k');
    const spy = spyOn(Buffer.concat([kernel, Buffer.from('p0p1')]));
    const profile = (offset: number): PeSection => ({ name: '.profile', offset, size: 2, memory: 2 });
    const linux = { name: '.linux', offset: 0, size: kernel.length, memory: kernel.length };
    const found = await pcr11OfProfiles(spy.read, [linux, profile(kernel.length), profile(kernel.length + 2)]);
    expect(new Set(found).size).toBe(2);
    expect([spy.total(), spy.most()]).toEqual([kernel.length + 4, 2 ** 20]);
  });
});
