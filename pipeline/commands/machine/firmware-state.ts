/** What the variables of a firmware hold once its keys are enrolled: what PCR 7 is made of. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Firmware } from '../../engine/machine/firmware.ts';
import { EFI_CERT_X509, encodeSignatureLists } from '../../formats/efi-signature-list.ts';
import type { FirmwareState } from '../../formats/measured-boot.ts';
import { UsageFault } from '../context.ts';

const NONE = new Uint8Array(0);

/**
 * Null without Secure Boot, and for the keys of Microsoft, which differ from one firmware to the next. Throws
 * UsageFault for a file that is no certificate.
 */
export async function firmwareState(firmware: Firmware): Promise<FirmwareState | null> {
  if (firmware.kind !== 'keys') return null;
  const { owner, pk, kek, db } = firmware;
  const listOf = async (files: readonly string[]): Promise<Uint8Array> => {
    const certificates = await Promise.all(files.map(certificateIn));
    return encodeSignatureLists(certificates.map(data => ({ type: EFI_CERT_X509, owner, data })));
  };
  return { pk: await listOf([pk]), kek: await listOf([kek]), db: await listOf(db), dbx: NONE, mok: NONE };
}

async function certificateIn(file: string): Promise<Uint8Array> {
  try {
    return new X509Certificate(await readFile(file)).raw;
  } catch {
    throw new UsageFault(`${file} is no certificate that can be read`, 'name a folder that `caisson keys new` made');
  }
}
