import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEfiPrograms } from '../../../pipeline/disk/inspect/efi.ts';
import type { PartitionFiles } from '../../../pipeline/formats/partition-files.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { made } from '../../formats/made.ts';
import { scratchDirectory } from '../scratch.ts';
import { diskOf, filesOf } from './image.ts';

const scratch = scratchDirectory();
/** Of the certificate table in the optional header of shim.img, PE32+: data directory 4. */
const CERTIFICATES = new DataView(made('shim').buffer).getUint32(60, true) + 24 + 112 + 4 * 8;
const [partition] = diskOf([{ name: 'Kelp' }]).partitions;
const open = async (files: Record<string, Uint8Array>): Promise<PartitionFiles> => {
  if (partition === undefined) throw new Error('no partition');
  return filesOf({ Kelp: files }, scratch).open(partition);
};

describe('readEfiPrograms', () => {
  it('finds every .efi in any folder and case, by path, and leaves no copy', async () => {
    const files = await open({
      '/readme.txt': new Uint8Array(9),
      '/EFI/reef/night.EFI': made('uki'),
      '/EFI/addons/extra.efi': made('addon'),
      '/shell.Efi': made('addon'),
      '/EFI/reef/efi': new Uint8Array(3),
    });
    const { binaries, faults, notes } = await readEfiPrograms(files, scratch);
    expect(binaries.map(({ path, size, program }) => [path, size, program?.kind])).toEqual([
      ['/EFI/addons/extra.efi', 3072, 'addon'],
      ['/EFI/reef/night.EFI', 11_264, 'uki'],
      ['/shell.Efi', 3072, 'addon'],
    ]);
    expect({ faults, notes, left: readdirSync(scratch) }).toEqual({ faults: [], notes: [], left: [] });
  });

  it('says who signed a program, and PCR 11 of each profile of a UKI', async () => {
    const files = await open({ '/a.efi': made('addon'), '/b.efi': made('uki-signed'), '/c.efi': made('shim') });
    const { binaries, faults } = await readEfiPrograms(files, scratch);
    const sound = (by: string) => ({ by, fault: null });
    expect(binaries.map(({ program }) => program?.signers)).toEqual([
      [],
      [sound('reef'), sound('reef')],
      [sound('mussel')],
    ]);
    // In full in test/formats/pcr.test.ts.
    expect(binaries.map(({ program }) => program?.profiles.map(({ pcr11 }) => pcr11?.slice(0, 8) ?? null))).toEqual([
      [null],
      ['ab9cdc09', 'f3401790', '000a1562'],
      [],
    ]);
    expect(faults).toEqual([]);
  });

  it('names a signature that is not sound', async () => {
    const [changed, bent] = [made('uki-signed'), made('shim')];
    changed.set([0x6a], 0x1a00);
    // The tag of ContentInfo.
    bent.set([0x31], bent.length - new DataView(bent.buffer).getUint32(CERTIFICATES + 4, true) + 8);
    const { binaries, faults } = await readEfiPrograms(await open({ '/a.efi': changed, '/b.efi': bent }), scratch);
    expect(faults.map(text => text.replaceAll(/[0-9a-f]{64}/g, 'HASH'))).toEqual([
      '/a.efi: the signature by reef is not sound: it is for another program: HASH, not HASH',
      '/a.efi: the signature by reef is not sound: it is for another program: HASH, not HASH',
      '/b.efi: the signature is not sound: damaged DER: a signature has tag 0x31',
    ]);
    expect(binaries[1]?.program?.signers).toEqual([{ by: '', fault: 'damaged DER: a signature has tag 0x31' }]);
  });

  it('names a program that firmware would not start, and goes on', async () => {
    const files = await open({
      '/a.efi': new TextEncoder().encode('echo kelp\n'.repeat(10)),
      '/b.efi': made('uki').subarray(0, 9000),
      '/c.efi': made('addon'),
    });
    const { binaries, faults } = await readEfiPrograms(files, scratch);
    expect(binaries.map(({ program }) => program?.kind ?? null)).toEqual([null, null, 'addon']);
    expect(faults).toEqual([
      '/a.efi: no EFI program: no signature "MZ"',
      expect.stringMatching(/^\/b\.efi: damaged EFI program: section "\.profile" is at/),
    ]);
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('does not copy what is too long to be a program', async () => {
    const files = await open({ '/a.efi': made('addon') });
    const long: PartitionFiles = {
      list: async () => (await files.list('/')).map(each => ({ ...each, bytes: 2 ** 30 + 1 })),
      extract: async () => Promise.reject(new Error('it was copied')),
    };
    expect((await readEfiPrograms(long, scratch)).faults).toEqual([
      '/a.efi: 1073741825 B long; at most 1 GiB are read',
    ]);
  });

  it('stops searching after 256 folders, and says so', async () => {
    let asked = 0;
    const endless: PartitionFiles = {
      list: async folder => {
        asked += 1;
        const none = { mode: null, uid: null, gid: null, modified: null, target: null, bytes: 0 };
        return [{ ...none, path: `${folder === '/' ? '' : folder}/x`, type: 'directory' }];
      },
      extract: async () => undefined,
    };
    expect(await readEfiPrograms(endless, scratch)).toEqual({
      binaries: [],
      faults: [],
      notes: ['only 256 of its folders were searched for EFI programs'],
    });
    expect(asked).toBe(256);
  });

  it('lets errors through that are no fault of the image', async () => {
    const files = await open({ '/a.efi': made('addon') });
    const full = { ...files, extract: async () => Promise.reject(new Error('ENOSPC')) };
    await expect(readEfiPrograms(full, scratch)).rejects.toThrow('ENOSPC');
    const unreadable = { ...files, list: async () => Promise.reject(new FormatFault('mdir', '')) };
    await expect(readEfiPrograms(unreadable, scratch)).rejects.toThrow(FormatFault);
  });
});
