import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { followFile } from '../../../pipeline/engine/machine/follow.ts';
import { openFiles, scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();

test('lines come as they are written, whole ones only, also from a file that comes later', async () => {
  const file = join(folder, 'log');
  const lines: string[] = [];
  const follower = followFile(file, line => lines.push(line));
  writeFileSync(file, 'kelp\r\nbu');
  await expect.poll(() => lines, { interval: 5, timeout: 5000 }).toEqual(['kelp']);
  appendFileSync(file, 'oy ü\nhalf');
  await expect.poll(() => lines, { interval: 5, timeout: 5000 }).toEqual(['kelp', 'buoy ü']);
  appendFileSync(file, ' whole\n');
  await follower.stop();
  expect(lines).toEqual(['kelp', 'buoy ü', 'half whole']);
  expect(openFiles(folder)).toEqual([]);
});

test('a file that never comes is no failure', async () => {
  await followFile(join(folder, 'absent'), () => undefined).stop();
});
