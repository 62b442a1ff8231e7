import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { predictedPcrs } from '../../pipeline/disk/predicted-pcrs.ts';
import { authenticodeDigest, readSignatures } from '../../pipeline/formats/authenticode.ts';
import { EFI_CERT_X509, encodeSignatureLists } from '../../pipeline/formats/efi-signature-list.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import type { PredictedPcrs } from '../../pipeline/formats/predicted-pcrs.ts';
import { made, poke, spyOn } from '../formats/made.ts';
import { diskOf, filesOf, rawImage } from './inspect/image.ts';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
/** ReefA is started only when ReefB has no kernel. */
const PARTS = [
  { name: 'Sand' },
  { name: 'Kelp', content: made('fat12') },
  { name: 'ReefA', content: made('fat12') },
  { name: 'ReefB', content: made('fat12') },
];
const NONE = new Uint8Array(0);
const OWNER = 'a1b2c3d4-1111-4222-8333-0123456789ab';

/** Of the signer of a fixture. */
async function keyOf(name: string): Promise<Uint8Array> {
  const bytes = made(name);
  return (await readSignatures(spyOn(bytes).read, bytes.length))[0]?.certificates[0] ?? NONE;
}

/** Fixtures stand for the programs: GRUB is another UKI of the same key. */
const PROGRAMS = {
  Kelp: { '/EFI/BOOT/BOOTX64.EFI': made('shim'), '/EFI/BOOT/GRUBX64.EFI': made('uki-signed') },
  ReefA: { '/EFI/caisson/slot.efi': made('addon') },
  ReefB: { '/EFI/caisson/slot.efi': made('uki-signed') },
};

async function predict(programs: Record<string, Record<string, Uint8Array>>): Promise<PredictedPcrs> {
  const { bytes } = diskOf(PARTS);
  const keys = await Promise.all(['shim', 'uki-signed'].map(keyOf));
  const db = encodeSignatureLists(keys.map(data => ({ type: EFI_CERT_X509, owner: OWNER, data })));
  return predictedPcrs(rawImage(bytes), {
    files: filesOf(programs, scratch),
    firmware: { pk: NONE, kek: NONE, db, dbx: NONE, mok: NONE },
    slot: 'B',
  });
}

describe('predictedPcrs', () => {
  it('is made of the programs on the two partitions', async () => {
    const { pcr4, pcr7, pcr11 } = await predict(PROGRAMS);
    const digestOf = async (name: string) => authenticodeDigest(spyOn(made(name)).read, made(name).length);
    const [shim, uki] = [await digestOf('shim'), await digestOf('uki-signed')];
    expect(pcr4.events.map(({ digest }) => digest).slice(2)).toEqual([shim, uki, uki, uki]);
    expect(pcr7.events.map(({ what }) => what).slice(6)).toEqual([
      'certificate in db that signed /EFI/BOOT/BOOTX64.EFI',
      'variable SbatLevel',
      'certificate in db that signed /EFI/BOOT/GRUBX64.EFI',
    ]);
    // PCR 11 as in test/formats/pcr.test.ts.
    expect(pcr11.map(({ profile, id, value }) => [profile, id, value.slice(0, 8)])).toEqual([
      [0, 'day', 'ab9cdc09'],
      [1, 'night', 'f3401790'],
      [2, 'dusk', '000a1562'],
    ]);
    expect(pcr11[0]?.events[0]?.what).toBe('name .linux');
    expect(readdirSync(scratch)).toEqual([]);
  });

  it.each<[string, Record<string, Record<string, Uint8Array>>, RegExp]>([
    ['a UKI that is missing', { ...PROGRAMS, ReefA: {}, ReefB: {} }, /no partition has \/EFI\/caisson\/slot\.efi/],
    [
      'a UKI that nobody signed',
      { ...PROGRAMS, ReefB: { '/EFI/caisson/slot.efi': made('uki') } },
      /firmware would not start \/EFI\/caisson\/slot\.efi/,
    ],
    [
      'a shim that was changed',
      {
        ...PROGRAMS,
        Kelp: { ...PROGRAMS.Kelp, '/EFI/BOOT/BOOTX64.EFI': poke(made('shim'), { at: 0x410, value: 9, width: 1 }) },
      },
      /firmware would not start \/EFI\/BOOT\/BOOTX64\.EFI/,
    ],
  ])('refuses %s', async (_, programs, message) => {
    await expect(predict(programs)).rejects.toThrow(message);
    await expect(predict(programs)).rejects.toThrow(FormatFault);
  });

  it('takes another kernel when the slot has none', async () => {
    const { pcr11 } = await predict({ ...PROGRAMS, ReefA: PROGRAMS.ReefB, ReefB: {} });
    expect(pcr11).toHaveLength(3);
  });
});
