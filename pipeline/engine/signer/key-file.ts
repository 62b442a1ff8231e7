/** Files that a signer is given: read where they stand. */
import { readFile, stat } from 'node:fs/promises';
import { codeOf } from '../files.ts';
import { SigningFault } from '../fault.ts';

/** More is no key. */
const MOST_BYTES = 2 ** 20;

/** Throws SigningFault that calls it `what`. */
export async function readKeyFile(file: string, what: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw new SigningFault(`the ${what} ${file} has ${size} bytes`, 'name a PEM file');
    return await readFile(file, 'utf8');
  } catch (error) {
    throw error instanceof SigningFault ? error : unreadable(file, what, codeOf(error));
  }
}

/** Throws SigningFault unless the file is there and nobody but its owner may read it; the file is not read. */
export async function mustBePrivate(file: string, what: string): Promise<void> {
  const found = await stat(file).catch(error => {
    throw unreadable(file, what, codeOf(error));
  });
  if (!found.isFile() || found.size === 0) throw new SigningFault(`the ${what} ${file} is empty, or no file`, HINT);
  const mode = found.mode & 0o777;
  if ((mode & 0o077) !== 0)
    throw new SigningFault(
      `the ${what} ${file} may be read by others: its mode is ${mode.toString(8).padStart(4, '0')}`,
      `\`chmod 600 ${file}\``,
    );
}

const HINT = 'the PIN is its first line';

function unreadable(file: string, what: string, code: string): SigningFault {
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new SigningFault(`no ${what} ${file}`, 'check the path: a relative one counts from the folder of the project')
    : new SigningFault(`the ${what} ${file} cannot be read (${code})`, 'check what it is, who owns it, and its mode');
}
