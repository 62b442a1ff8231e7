/** A directory for one test file, gone when its tests are done. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'caisson-disk-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Files below `directory` that this process has open. */
export function openFiles(directory: string): string[] {
  const links = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the descriptor of readdir itself
    }
  });
  return links.filter(link => link.startsWith(directory));
}
