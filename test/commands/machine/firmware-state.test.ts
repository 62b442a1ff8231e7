import { X509Certificate } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { UsageFault } from '../../../pipeline/commands/context.ts';
import { firmwareOf } from '../../../pipeline/commands/machine/firmware-keys.ts';
import { firmwareState } from '../../../pipeline/commands/machine/firmware-state.ts';
import { OWNER } from '../../../pipeline/engine/machine/firmware.ts';
import { readSignatures } from '../../../pipeline/formats/authenticode.ts';
import { decodeSignatureLists, EFI_CERT_X509 } from '../../../pipeline/formats/efi-signature-list.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { made, spyOn } from '../../formats/made.ts';

const scratch = scratchDirectory();
const GUID = 'a1b2c3d4-1111-4222-8333-0123456789ab';

/** Of the signers of two fixtures, as PEM. */
async function certificates(): Promise<X509Certificate[]> {
  const found = ['uki-signed', 'shim'].map(async name => {
    const bytes = made(name);
    const [signature] = await readSignatures(spyOn(bytes).read, bytes.length);
    return new X509Certificate(signature?.certificates[0] ?? '');
  });
  return Promise.all(found);
}

beforeEach(async () => {
  const [reef, mussel] = await certificates();
  await writeFile(path.join(scratch, 'PK.crt'), String(reef));
  await writeFile(path.join(scratch, 'KEK.crt'), String(reef));
  await writeFile(path.join(scratch, 'db.crt'), String(mussel));
  await writeFile(path.join(scratch, 'GUID'), `${GUID}\n`);
});

describe('firmwareState', () => {
  test('is the certificates of a folder, with the owner that its GUID names', async () => {
    const [reef, mussel] = await certificates();
    const state = await firmwareState(await firmwareOf(scratch));
    const one = (certificate: X509Certificate | undefined) => [
      { type: EFI_CERT_X509, owner: GUID, data: new Uint8Array(certificate?.raw ?? []) },
    ];
    expect(decodeSignatureLists(state?.pk ?? new Uint8Array(1))).toEqual(one(reef));
    expect(decodeSignatureLists(state?.kek ?? new Uint8Array(1))).toEqual(one(reef));
    expect(decodeSignatureLists(state?.db ?? new Uint8Array(1))).toEqual(one(mussel));
    expect([state?.dbx.length, state?.mok.length]).toEqual([0, 0]);
  });

  test('has an owner of ours when the folder names none', async () => {
    await writeFile(path.join(scratch, 'GUID'), 'kelp\n');
    expect(await firmwareOf(scratch)).toMatchObject({ owner: OWNER });
    await rm(path.join(scratch, 'GUID'));
    expect(await firmwareOf(scratch)).toMatchObject({ owner: OWNER });
  });

  test('is not known without Secure Boot, and for the keys of Microsoft', async () => {
    expect(await firmwareState(await firmwareOf(null))).toBeNull();
    expect(await firmwareState(await firmwareOf('microsoft'))).toBeNull();
  });

  test('refuses what is no certificate', async () => {
    await writeFile(path.join(scratch, 'KEK.crt'), await readFile(path.join(scratch, 'GUID')));
    await expect(firmwareState(await firmwareOf(scratch))).rejects.toThrow(UsageFault);
  });
});
