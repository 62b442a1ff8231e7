import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TamperOutcome } from '../../pipeline/formats/tampering.ts';
import { bytesOf } from '../../pipeline/tamper/draw.ts';
import { programPlaces, readPrograms } from '../../pipeline/tamper/program.ts';
import { readStrata } from '../../pipeline/tamper/strata.ts';
import type { Judgement, Stratum } from '../../pipeline/tamper/trial.ts';
import { made } from '../formats/made.ts';
import { stratumOf, subjectOf } from './disk.ts';

/** Judges bit `bit` of the byte `at` bytes into the first place of a stratum. */
async function judge({ places }: Stratum, at: number, bit = 0): Promise<Judgement> {
  const [place] = places;
  if (place === undefined || at >= place.end - place.start) throw new Error(`no byte ${at}`);
  return place.judge({ offset: place.start + at, bit });
}

describe('readStrata', () => {
  it('puts every byte of the disk into a stratum, and none into two', async () => {
    const { subject } = await subjectOf();
    const strata = await readStrata(subject);
    const places = strata.flatMap(each => each.places).sort((a, b) => a.start - b.start);
    expect(places.reduce((end, { start, end: next }) => (start === end ? next : Number.NaN), 0)).toBe(subject.size);
    expect(strata.filter(({ unprotected }) => unprotected !== '').map(({ name }) => name)).toEqual(['Shells']);
    expect(strata.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['shim', 'selector', 'UKI .linux', 'UKI .cmdline', 'UKI headers', 'UKI signature', 'FEC']),
    );
  });

  it('never finds a wrong byte that goes unnoticed, whatever bit it is', async () => {
    const strata = (await readStrata((await subjectOf()).subject)).filter(({ unprotected }) => unprotected === '');
    for (const stratum of strata) {
      const bytes = bytesOf(stratum.places);
      const all = fc.tuple(fc.nat(stratum.places.length - 1), fc.nat(bytes), fc.nat(7));
      await fc.assert(
        fc.asyncProperty(all, async ([index, at, bit]) => {
          const place = stratum.places[index];
          if (place === undefined) return;
          const offset = place.start + (at % (place.end - place.start));
          const { outcome } = await place.judge({ offset, bit });
          expect(['harmless', 'corrected', 'refused', 'fell back']).toContain(outcome);
        }),
        { numRuns: 25 },
      );
    }
  });
});

describe('the partition table', () => {
  it.each<[string, number, TamperOutcome]>([
    ['GPT primary header', 17, 'fell back'],
    ['GPT primary header', 60, 'fell back'],
    ['GPT primary header', 92, 'harmless'],
    ['GPT primary entries', 0, 'fell back'],
    ['GPT primary entries', 16_383, 'fell back'],
    ['GPT backup header', 17, 'harmless'],
    ['GPT backup entries', 5, 'harmless'],
    ['protective MBR', 440, 'harmless'],
    ['protective MBR', 446, 'refused'],
    ['protective MBR', 447, 'harmless'],
    ['protective MBR', 450, 'refused'],
    ['protective MBR', 454, 'refused'],
    ['protective MBR', 458, 'harmless'],
    ['protective MBR', 462, 'harmless'],
    ['protective MBR', 511, 'refused'],
  ])('%s, byte %i: %s', async (name, at, outcome) => {
    const strata = await readStrata((await subjectOf()).subject);
    expect(await judge(stratumOf(strata, name), at)).toMatchObject({ outcome });
  });

  it('is gone when the other copy was broken before', async () => {
    const { subject, bytes } = await subjectOf();
    bytes.fill(0, bytes.length - 512);
    const strata = await readStrata(subject);
    expect(await judge(stratumOf(strata, 'GPT primary header'), 17)).toMatchObject({ outcome: 'refused' });
  });
});

describe('programs', () => {
  it('are refused for any bit that is signed, and harmless where none is: the checksum', async () => {
    const strata = await readStrata((await subjectOf({ second: false })).subject);
    const headers = stratumOf(strata, 'UKI headers');
    const uki = made('uki-signed');
    const checksum = new DataView(uki.buffer).getUint32(60, true) + 24 + 64;
    for (const at of [0, 1, checksum - 1, checksum + 4])
      expect(await judge(headers, at, 3)).toMatchObject({ outcome: 'refused', expect: ['damaged'] });
    for (const at of [0, 1, 2, 3])
      expect(await judge(headers, checksum + at, 3)).toMatchObject({ outcome: 'harmless', expect: ['sound'] });
  });

  it('fall back to the other slot and the other boot partition, where there is one', async () => {
    const both = await readStrata((await subjectOf()).subject);
    const one = await readStrata((await subjectOf({ second: false })).subject);
    for (const name of ['UKI .linux', 'shim']) {
      expect(await judge(stratumOf(both, name), 9)).toMatchObject({ outcome: 'fell back' });
      expect(await judge(stratumOf(one, name), 9)).toMatchObject({ outcome: 'refused' });
    }
    // Shim waits for a key on the console before it goes on without its selector.
    expect(await judge(stratumOf(both, 'selector'), 9)).toMatchObject({ outcome: 'refused' });
  });

  it('are refused when the signature that holds is of somebody else', async () => {
    const { subject } = await subjectOf({ second: false });
    const uki = (await readPrograms(subject)).find(({ role }) => role === 'UKI');
    if (uki === undefined) throw new Error('no UKI');
    const checksum = new DataView(made('uki-signed').buffer).getUint32(60, true) + 24 + 64;
    const [own, other] = [uki, { ...uki, signers: ['00'] }].map(
      program => programPlaces(program, { offset: checksum, size: 4 })[0],
    );
    expect(await own?.judge({ offset: own.start, bit: 0 })).toMatchObject({ outcome: 'harmless' });
    expect(await other?.judge({ offset: other.start, bit: 0 })).toMatchObject({ outcome: 'refused' });
  });

  it('are unprotected without a signature', async () => {
    const esp = made('esp');
    const { subject } = await subjectOf();
    const slot = subject.boots[0]?.layout.files.find(({ path }) => path.endsWith('SLOT.EFI'));
    // Another kernel under the same signature.
    const [extent] = slot?.extents ?? [];
    esp[(extent?.start ?? 0) + 2] = (esp[(extent?.start ?? 0) + 2] ?? 0) ^ 1;
    const strata = await readStrata((await subjectOf({ esp, second: false })).subject);
    expect(stratumOf(strata, 'UKI .linux').unprotected).toContain('SLOT.EFI has no signature');
    expect(stratumOf(strata, 'shim').unprotected).toBe('');
  });
});

describe('the boot file systems', () => {
  it('still give the same files, none, or others whose signature does not fit', async () => {
    const { subject } = await subjectOf({ second: false });
    const [stratum, layout] = [stratumOf(await readStrata(subject), 'boot file systems'), subject.boots[0]?.layout];
    const judgeAt = async (at: number, bit = 0): Promise<Judgement> => {
      const offset = (subject.boots[0]?.partition.start ?? 0) + at;
      const place = stratum.places.find(({ start, end }) => offset >= start && offset < end);
      if (place === undefined) throw new Error(`byte ${at} is not in it`);
      return place.judge({ offset, bit });
    };
    expect(await judgeAt(3)).toMatchObject({ outcome: 'harmless' });
    expect(await judgeAt(510)).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining('not found') as string,
    });
    // Entries of EFI/BOOT behind `.` and `..`: the name, the first cluster and the size of BOOTX64.EFI.
    const folder = layout?.system[2]?.start ?? 0;
    expect(await judgeAt(folder + 64)).toMatchObject({ outcome: 'refused', why: 'shim: not found' });
    const clusters = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(async bit => judgeAt(folder + 64 + 26, bit)));
    expect(clusters.map(({ outcome }) => outcome)).toEqual(clusters.map(() => 'refused'));
    expect(clusters.map(({ why }) => why)).toContain('shim: other bytes are read, which the signature does not fit');
    expect(await judgeAt(folder + 64 + 28, 3)).toMatchObject({ outcome: 'refused' });
  });
});

describe('unused space', () => {
  it('is judged by what is read, not by where it is', async () => {
    const { subject } = await subjectOf({ second: false });
    const strata = await readStrata(subject);
    const unused = stratumOf(strata, 'unused space');
    const [tree] = stratumOf(strata, 'hash tree').places;
    expect(await unused.places[0]?.judge({ offset: tree?.start ?? 0, bit: 0 })).toMatchObject({ outcome: 'failed' });
    const empty = subject.partitions.find(({ name }) => name === 'SandB');
    const inside = unused.places.some(({ start, end }) => start <= (empty?.start ?? 0) && end >= (empty?.end ?? 0));
    expect(inside).toBe(true);
  });
});
