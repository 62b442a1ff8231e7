import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { editsBetween, statesOf, type FileStates } from '../../../pipeline/commands/dev/states.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const scratch = scratchDirectory();
let hold: string;
let before: FileStates;

beforeEach(async () => {
  hold = path.join(scratch, 'hold');
  await rm(hold, { recursive: true, force: true });
  await mkdir(path.join(hold, 'locker'), { recursive: true });
  await writeFile(path.join(hold, 'rope'), 'hemp');
  await writeFile(path.join(hold, 'locker/rum'), 'full');
  await symlink('rope', path.join(hold, 'line'));
  before = statesOf(hold);
});

/** `path what`, below the folder. */
const edits = (): string[] =>
  editsBetween(before, statesOf(hold)).map(each => `${path.relative(hold, each.path)} ${each.what}`);

it('nothing for what nobody touched', () => expect(edits()).toEqual([]));

it('a file that is written, replaced by one of the same length, or gets another mode', async () => {
  await writeFile(path.join(hold, 'locker/rum'), 'gone');
  await writeFile(path.join(hold, 'new'), 'silk');
  await rename(path.join(hold, 'new'), path.join(hold, 'rope'));
  expect(edits()).toEqual(['locker/rum changed', 'rope changed']);
  before = statesOf(hold);
  await chmod(path.join(hold, 'rope'), 0o755);
  expect(edits()).toEqual(['rope changed']);
});

it('files, links and folders that come and go', async () => {
  await rm(path.join(hold, 'locker'), { recursive: true });
  await rm(path.join(hold, 'line'));
  await mkdir(path.join(hold, 'bilge'));
  await symlink('/nowhere', path.join(hold, 'bilge/drain'));
  expect(edits()).toEqual(['bilge new', 'bilge/drain new', 'line gone', 'locker gone', 'locker/rum gone']);
});

it('what editors leave for a moment is no change', async () => {
  for (const name of ['.rope.swp', 'rope~', '.#rope', '#rope#', '4913', 'locker/.rum.swx', '.goutputstream-X1Y2'])
    await writeFile(path.join(hold, name), '');
  expect(edits()).toEqual([]);
});

it('a single file by what a link to it leads to; nothing of one that is not there', async () => {
  await symlink('loop', path.join(hold, 'loop'));
  const line = statesOf(path.join(hold, 'line'));
  await writeFile(path.join(hold, 'rope'), 'steel');
  expect(editsBetween(line, statesOf(path.join(hold, 'line')))).toHaveLength(1);
  for (const name of ['anchor', 'rope/strand', 'loop']) expect(statesOf(path.join(hold, name)).size).toBe(0);
});
