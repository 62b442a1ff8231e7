/** Writing so that a file is absent, the old one, or complete, also after a power cut: sync, then rename. */
import { randomUUID } from 'node:crypto';
import { open, rename } from 'node:fs/promises';

/** Writes a small file so that it is on the disk when this returns. */
export async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a small file by rename: readers see the old one or the new one, never half. */
export async function replaceFile(file: string, text: string): Promise<void> {
  // Several of us, or of containers that share the folder, may be at it.
  const aside = `${file}.${randomUUID()}.tmp`;
  await writeSynced(aside, text);
  await rename(aside, file);
}

/** What a file or folder holds is on the disk when this returns. fsync(2) wants no right to write. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The code of a system error: ENOENT and the like; '' for other errors. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? '';
}
