/** The initrd's way to compare notes of the clock: it must hold at midnight and in August too. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();

let functions = '';
beforeAll(async () => {
  const init = await readFile(path.resolve('overlays/initrd/init'), 'utf8');
  const body = (name: string): string => new RegExp(String.raw`^${name}\(\) \{\n[^]*?^\}$`, 'm').exec(init)?.[0] ?? '';
  functions = ['reading', 'name_of', 'started'].map(body).join('\n').replaceAll('/dev/', `${folder}/dev/`);
});
const run = async (script: string): Promise<number> =>
  Number((await execa('sh', ['-c', `${functions}\n${script}`])).stdout);
const reading = async (note: string): Promise<number> => run(`reading ${note}`);

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

/** Two partitions for the state of a selector, with these lines in them. */
async function started(first: string, second: string): Promise<number> {
  for (const [name, line] of [
    ['q1', first],
    ['q2', second],
  ] as const) {
    await mkdir(path.join(folder, 'sys', name), { recursive: true });
    await mkdir(path.join(folder, 'dev'), { recursive: true });
    const files = { partition: '7', size: '16384', uevent: `PARTNAME=Quay-${name}` };
    for (const [file, text] of Object.entries(files))
      await writeFile(path.join(folder, 'sys', name, file), `${text}\n`);
    await writeFile(path.join(folder, 'dev', name), `# GRUB Environment Block\nORDER=P Q\n${line}\n####`);
  }
  return run(`state_partitions='Quay-q1 Quay-q2'\nstarted '${folder}/sys'`);
}

it('the newest note of a disk counts', async () => {
  const [early, late] = ['STARTED=2026_9_9_9_9_9', 'STARTED=2026_9_9_9_10_0'];
  expect(await started(early, late)).toBe(await reading('2026 9 9 9 10 0'));
  expect(await started(late, early)).toBe(await reading('2026 9 9 9 10 0'));
});

it.each(['STARTED=', 'STARTED=2026_x', 'STARTED=2026_9_9_0098_0_0', 'STARTED=1+1', 'STARTED=0x7_1_1_1_1_1'])(
  'a damaged note counts for nothing: %s',
  async damaged => {
    const sound = 'STARTED=2026_9_9_9_9_9';
    expect(await started(damaged, sound)).toBe(await reading('2026 9 9 9 9 9'));
    expect(await started(sound, damaged)).toBe(await reading('2026 9 9 9 9 9'));
  },
);
