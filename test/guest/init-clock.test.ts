/** The initrd's way to compare notes of the clock: it must hold at midnight and in August too. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, it } from 'vitest';

let reading: (note: string) => Promise<number>;
beforeAll(async () => {
  const init = await readFile(path.resolve('overlays/initrd/init'), 'utf8');
  const body = /^reading\(\) \{\n[^]*?^\}$/m.exec(init)?.[0] ?? '';
  reading = async note => Number((await execa('sh', ['-c', `${body}\nreading ${note}`])).stdout);
});

it.each([
  // GRUB writes no leading zeros (grubenv), the kernel writes them (/sys/class/rtc).
  ['2026 11 24 0 0 0', '2026 11 24 00 00 00'],
  ['2026 8 9 8 9 8', '2026 08 09 08 09 08'],
])('%s is %s', async (ofGrub, ofKernel) => {
  expect(await reading(ofGrub)).toBe(await reading(ofKernel));
  expect(await reading(ofGrub)).toBeGreaterThan(0);
});

it.each([
  ['2026 11 23 23 59 59', '2026 11 24 0 0 0'],
  ['2026 12 31 23 59 59', '2027 1 1 0 0 0'],
  ['2026 9 9 9 9 9', '2026 9 9 9 10 0'],
])('%s is before %s', async (earlier, later) => {
  expect(await reading(earlier)).toBeLessThan(await reading(later));
});

it('of nothing is 0', async () => expect(await reading('')).toBe(0));
