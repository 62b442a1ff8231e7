import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { readTar, writeTar } from '../../pipeline/tree/tar.ts';
import { contentBytes, parentOf, type Tree } from '../../pipeline/tree/tree.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { hostileTars } from './hostile-tars.ts';
import { PATIENCE, runs } from './runs.ts';

const folder = scratchDirectory();
const { signal } = new AbortController();

test(
  'any tar is a tree, below which everything is, or a FormatFault',
  async () => {
    const seen = { trees: 0, faults: 0 };
    const [from, to] = [join(folder, 'hostile.tar'), join(folder, 'again.tar')];
    await fc.assert(
      fc.asyncProperty(hostileTars(), async bytes => {
        writeFileSync(from, bytes);
        const tree = await orFault(readTar(from, signal));
        seen[tree === null ? 'faults' : 'trees'] += 1;
        if (tree === null) return;
        mustBeSound(tree, bytes.length);
        if ((await orFault(writeTar(tree, to, { epoch: 1, signal }))) === null) return;
        const again = await readTar(to, signal);
        expect([...again.keys()].toSorted()).toEqual([...new Set(['/', ...tree.keys()])].toSorted());
      }),
      runs(0.5),
    );
    // A fuzzer that is always refused at the door tries nothing.
    expect(seen.trees).toBeGreaterThan(seen.faults / 10);
    expect(seen.faults).toBeGreaterThan(seen.trees / 10);
    expect(readdirSync(folder).toSorted()).toEqual(['again.tar', 'hostile.tar']);
  },
  PATIENCE,
);

/** What must come out: a value, or a FormatFault that says something. */
async function orFault<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (!(error instanceof FormatFault)) throw error;
    expect(error.message).toMatch(/^.{10,}$/su);
    return null;
  });
}

function mustBeSound(tree: Tree, most: number): void {
  for (const [path, node] of tree) {
    expect(path).toMatch(/^\/(?:[^/\0]+(?:\/[^/\0]+)*)?$/);
    expect(path.split('/')).not.toContain('..');
    expect(path.split('/')).not.toContain('.');
    if (path !== '/') expect(tree.get(parentOf(path))?.type ?? 'directory').toBe('directory');
    expect(contentBytes(node)).toBeLessThanOrEqual(most);
    expect(Number.isInteger(node.uid + node.gid) && Math.min(node.uid, node.gid) >= 0).toBe(true);
    if (node.content !== null && 'file' in node.content)
      expect(node.content.offset + node.content.bytes).toBeLessThanOrEqual(most);
  }
}
