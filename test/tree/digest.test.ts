import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { digestTree } from '../../pipeline/tree/digest.ts';
import { directory, symlink, textFile, type Tree, type TreeNode } from '../../pipeline/tree/tree.ts';

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const folder = mkdtempSync(join(tmpdir(), 'caisson-digest-'));
afterAll(() => rmSync(folder, { recursive: true }));

const signal = new AbortController().signal;

test('of regular files alone: in memory, inside of a larger file, larger than a piece', async () => {
  const file = join(folder, 'hold');
  const cargo = Buffer.alloc(2_500_000, 'spice');
  writeFileSync(file, Buffer.concat([Buffer.from('ballast'), cargo, Buffer.from('water')]));
  const inside: TreeNode = { ...textFile(''), content: { file, offset: 7, bytes: cargo.length } };
  const tree: Tree = new Map([
    ['/deck', directory()],
    ['/deck/log', textFile('calm')],
    ['/deck/link', symlink('log')],
    ['/hold', inside],
    ['/hold-again', inside],
    ['/empty', { ...textFile(''), content: null }],
  ]);
  expect([...(await digestTree(tree, signal))]).toEqual([
    ['/deck/log', sha256('calm')],
    ['/hold', sha256(cargo)],
    ['/hold-again', sha256(cargo)],
    ['/empty', sha256('')],
  ]);
});

test('a file that is shorter than the tree says', async () => {
  const file = join(folder, 'hold');
  writeFileSync(file, 'short');
  const tree: Tree = new Map([['/x', { ...textFile(''), content: { file, offset: 2, bytes: 9 } }]]);
  await expect(digestTree(tree, signal)).rejects.toThrow('ended at 5, 6 bytes too early');
});
