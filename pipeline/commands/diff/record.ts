/** build.json of a build or a release, as far as diff reads it: it tells what was installed, which an image need not. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Packages } from '../../formats/difference/packages.ts';

export interface RecordOfBuild {
  image: string;
  rootHash: string | null;
  packages: Packages;
}

/** Null where there is none, or something else. */
export async function buildRecordIn(folder: string): Promise<RecordOfBuild | null> {
  try {
    return asRecord(JSON.parse(await readFile(path.join(folder, 'build.json'), 'utf8')));
  } catch {
    return null;
  }
}

function asRecord(value: unknown): RecordOfBuild | null {
  const { image, rootHash, packages } = (value ?? {}) as Record<string, unknown>;
  if (typeof image !== 'string' || /[/\0]/.test(image) || typeof packages !== 'object' || packages === null)
    return null;
  const all: [string, Packages[string]][] = [];
  for (const [manifest, rows] of Object.entries(packages)) {
    if (!Array.isArray(rows)) return null;
    all.push([manifest, rows.map(asPackage)]);
  }
  return { image, rootHash: typeof rootHash === 'string' ? rootHash : null, packages: Object.fromEntries(all) };
}

function asPackage(row: unknown): Packages[string][number] {
  const { name, version, architecture } = (row ?? {}) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { name: text(name), version: text(version), architecture: text(architecture) };
}
