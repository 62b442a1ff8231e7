/** The firmware that an image is proven on. */
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SHIM, type DiskParts } from '../../claims/disk-parts.ts';
import { OWNER, type Firmware } from '../../engine/machine/firmware.ts';
import type { Declaration } from '../../formats/declaration.ts';
import { readExtents } from '../../formats/fat-files.ts';
import { readSignatures } from '../../formats/authenticode.ts';
import { UsageFault } from '../context.ts';
import { firmwareOf } from '../machine/firmware-keys.ts';

const MOST_SHIM = 2 ** 24;

/**
 * With the keys that `named` names; without a name, for an image that enforces verification, with the certificate that
 * signed its first loader in the place of all keys. Throws UsageFault where nobody signed that.
 */
export async function provingFirmware(
  named: string | null,
  { declaration, disk, scratch }: { declaration: Declaration; disk: DiskParts; scratch: string },
): Promise<Firmware> {
  if (named !== null || declaration.verifiedBoot !== 'enforced') return firmwareOf(named);
  const loader = disk.files.find(each => each.path === SHIM);
  const bytes = loader === undefined ? new Uint8Array() : await readExtents(disk.read, loader.extents, MOST_SHIM);
  const signatures =
    bytes.length === 0
      ? []
      : await readSignatures(async (offset, length) => bytes.subarray(offset, offset + length), bytes.length);
  const signer = signatures.find(each => each.fault === null)?.certificates[0];
  if (signer === undefined)
    throw new UsageFault(
      'nobody signed the first loader of this image, so no firmware with Secure Boot starts it',
      'build it with a step that signs the selector',
    );
  const file = path.join(scratch, 'signer.crt');
  await writeFile(file, new X509Certificate(signer).toString());
  return { kind: 'keys', owner: OWNER, pk: file, kek: file, db: [file] };
}
