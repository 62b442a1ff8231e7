import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SHIM, type DiskParts } from '../../../pipeline/claims/disk-parts.ts';
import { provingFirmware } from '../../../pipeline/commands/prove/firmware.ts';
import { readSignatures } from '../../../pipeline/formats/authenticode.ts';
import { DISK, ENFORCED } from '../../claims/disk.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { made, poke, spyOn } from '../../formats/made.ts';

const scratch = scratchDirectory();
const SIGNED = made('uki-signed');
const START = 77_000;

/** A disk whose first loader is this. */
function diskWith(loader: Uint8Array): DiskParts {
  const bytes = new Uint8Array(START + loader.length + 999);
  bytes.set(loader, START);
  const extents = [{ start: START, end: START + loader.length }];
  return { ...DISK, read: spyOn(bytes).read, files: [{ path: SHIM, partition: 'Reef', slot: 'A', extents }] };
}
const firmware = (disk: DiskParts, named: string | null = null, declaration = ENFORCED) =>
  provingFirmware(named, { declaration, disk, scratch });

test('has the certificate that signed the first loader for all of its keys', async () => {
  const file = join(scratch, 'signer.crt');
  expect(await firmware(diskWith(SIGNED))).toMatchObject({ kind: 'keys', pk: file, kek: file, db: [file] });
  const [signature] = await readSignatures(spyOn(SIGNED).read, SIGNED.length);
  expect(new X509Certificate(readFileSync(file)).raw).toEqual(Buffer.from(signature?.certificates[0] ?? []));
});

test.each<[string, DiskParts]>([
  ['nobody signed', diskWith(made('uki'))],
  ['somebody changed', diskWith(poke(SIGNED, { at: 2, value: 0x55, width: 1 }))],
  ['is not there', { ...diskWith(SIGNED), files: [] }],
])('is a fault for a first loader that %s', async (_, disk) => {
  await expect(firmware(disk)).rejects.toMatchObject({
    name: 'UsageFault',
    message: expect.stringContaining('nobody signed the first loader') as string,
  });
});

test('is what is named, and open for an image that enforces nothing', async () => {
  expect(await firmware(diskWith(SIGNED), 'microsoft')).toEqual({ kind: 'microsoft', mok: [] });
  const switchable = { ...ENFORCED, verifiedBoot: 'switchable' } as const;
  expect(await firmware(diskWith(SIGNED), null, switchable)).toEqual({ kind: 'open' });
});
