/** What `--secure-boot` names: a folder of certificates, as `caisson keys new` makes it, or the keys of Microsoft. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { OWNER, type Firmware } from '../../engine/machine/firmware.ts';
import { GUID_TEXT } from '../../formats/guid.ts';
import { UsageFault } from '../context.ts';

/** Null is firmware without Secure Boot. Throws UsageFault for a folder that lacks a certificate. */
export async function firmwareOf(named: string | null): Promise<Firmware> {
  if (named === null) return { kind: 'open' };
  if (named === 'microsoft') return { kind: 'microsoft', mok: [] };
  const [pk, kek, db] = [path.join(named, 'PK.crt'), path.join(named, 'KEK.crt'), path.join(named, 'db.crt')];
  for (const file of [pk, kek, db])
    if (!(await stat(file).catch(() => null))?.isFile())
      throw new UsageFault(
        `${named} has no ${path.basename(file)}`,
        'name a folder that `caisson keys new` made, or `microsoft`',
      );
  // As in the files beside it that give the certificates to a machine.
  const guid = (await readFile(path.join(named, 'GUID'), 'utf8').catch(() => '')).trim();
  return { kind: 'keys', owner: GUID_TEXT.test(guid) ? guid : OWNER, pk, kek, db: [db] };
}
