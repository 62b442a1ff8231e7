/**
 * A clock that is more than a day ahead, for one command and all that it starts: Debian's datefudge. (libfaketime leaves
 * two files open in every program, and dash, which apt starts, knows no descriptor above 9.)
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const LIBRARY = '/usr/lib/x86_64-linux-gnu/datefudge';
const PRELOAD = 'datefudge.so';
/** It is taken away from the time. */
const SECONDS = -26 * 60 * 60;

/**
 * In the sandbox only what bwrap is told is there, so a bwrap that tells more stands first on the PATH. Not for
 * mmdebstrap with scripts of packages: they run in a root of their own, where the library is missing, and a script of
 * shim-signed fails when the linker says so. Their clock is that of the host.
 */
const BWRAP = `#!/bin/bash
case " $* " in *' --variant=essential '*) exec /usr/bin/bwrap "$@" ;; esac
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
exec /usr/bin/bwrap "\${options[@]}" --ro-bind ${LIBRARY} /mnt/clock \\
  --setenv LD_PRELOAD /mnt/clock/${PRELOAD} --setenv DATEFUDGE ${SECONDS} "$@"
`;

/** Variables for the command; `folder` is made, and `search` is the PATH it would have. */
export async function shiftedClock(folder: string, search: string): Promise<Record<string, string>> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'bwrap'), BWRAP, { mode: 0o755 });
  return { PATH: `${folder}:${search}`, LD_PRELOAD: path.join(LIBRARY, PRELOAD), DATEFUDGE: String(SECONDS) };
}
