/** The firmware of a machine: OVMF, and its variables, which hold the keys of Secure Boot. */
import { existsSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { runProcess } from '../run.ts';
import type { Bind } from '../sandbox.ts';
import { ALONE, placedArgv, WORK, type Place } from './place.ts';

/**
 * `open`: starts whatever stands there. `keys`: Secure Boot with these certificates, host paths of PEM files, and
 * nothing else; `owner` is the GUID that stands beside each. `microsoft`: Secure Boot with the keys that machines are
 * sold with, and one's own certificates in the list of the machine's owner (MOK), which shim reads.
 */
export type Firmware =
  | { kind: 'open' }
  | { kind: 'keys'; owner: string; pk: string; kek: string; db: readonly string[] }
  | { kind: 'microsoft'; mok: readonly string[] };

const FOLDER = '/usr/share/OVMF';
const VARIABLES = 'vars.fd';
/** Who enrolled them, when nobody says; any GUID will do, and this one tells where they come from: "caisson" and zeros. */
export const OWNER = '63616973-736f-6e00-0000-000000000000';

/** Arguments of QEMU. Of the secure build only code in system management mode may write variables. */
export function firmwareArgs({ kind }: Firmware): string[] {
  const secure = kind !== 'open';
  return [
    '-drive',
    `if=pflash,unit=0,format=raw,readonly=on,file=${FOLDER}/OVMF_CODE_4M${secure ? '.secboot' : ''}.fd`,
    '-drive',
    `if=pflash,unit=1,format=raw,file=${WORK}/${VARIABLES}`,
    ...(secure ? ['-global', 'driver=cfi.pflash01,property=secure,value=on', '-global', 'ICH9-LPC.disable_s3=1'] : []),
  ];
}

/** Makes the file of variables in scratch, unless one is there: what the machine stored in it is kept. */
export async function makeVariables(firmware: Firmware, { environment, signal, ...place }: Place): Promise<void> {
  const [made, part] = [VARIABLES, `${VARIABLES}.part`].map(name => path.join(place.scratch, name)) as [string, string];
  if (existsSync(made)) return;
  await copyFile(path.join(place.tree, FOLDER, `OVMF_VARS_4M${firmware.kind === 'microsoft' ? '.ms' : ''}.fd`), part);
  const { argv: enrolled, binds } = enrolment(firmware);
  const change = async (args: readonly string[]): Promise<void> => {
    const argv = ['virt-fw-vars', '--inplace', `${WORK}/${VARIABLES}.part`, ...args];
    await runProcess(placedArgv(argv, { environment, ...place }, { ...ALONE, binds }), {
      env: { PATH: environment.path },
      signal,
      title: argv,
    });
  };
  if (enrolled.length > 0) await change(enrolled);
  // It adds a dbx that refuses the empty file. A machine that was given keys has none, and PCR 7 tells them apart.
  if (firmware.kind === 'keys') await change(['--delete', 'dbx']);
  await rename(part, made);
}

/** Arguments of virt-fw-vars, and the files that it reads. */
function enrolment(firmware: Firmware): { argv: string[]; binds: Bind[] } {
  const binds: Bind[] = [];
  const owner = firmware.kind === 'keys' ? firmware.owner : OWNER;
  const enrol = (option: string, file: string): string[] => {
    const inside = `/mnt/certificate-${binds.length}`;
    binds.push({ host: path.resolve(file), inside, writable: false });
    return [option, owner, inside];
  };
  switch (firmware.kind) {
    case 'open':
      return { argv: [], binds };
    case 'keys': {
      const argv = [
        ...enrol('--set-pk', firmware.pk),
        ...enrol('--add-kek', firmware.kek),
        ...firmware.db.flatMap(each => enrol('--add-db', each)),
        '--secure-boot',
      ];
      return { argv, binds };
    }
    case 'microsoft':
      return { argv: firmware.mok.flatMap(each => enrol('--add-mok', each)), binds };
  }
}
