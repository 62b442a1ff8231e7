import { expect, it } from 'vitest';
import { encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { readWriteLog } from '../../pipeline/formats/write-log.ts';
import { findStrays } from '../../pipeline/powercut/strays.ts';
import { filled, logOf, type Logged } from '../formats/logged-writes.ts';
import { spyOn } from '../formats/made.ts';
import { cutDisk, STATE_AT, UPDATED, type CutDisk } from './disk.ts';

async function straysOf(
  disk: CutDisk,
  writes: readonly Logged[],
  selector: 'kept' | 'updated' = 'kept',
): Promise<string[]> {
  const bytes = logOf(writes);
  const log = spyOn(bytes).read;
  const { entries } = await readWriteLog(log, bytes.length);
  const subject = await disk.subject();
  const numbered = entries.map((entry, index) => ({ entry, index }));
  return findStrays(numbered, { subject, active: 'A', selector, before: spyOn(disk.bytes).read, log });
}

/** The page that a guest writes for the 1024 bytes of the state. */
function page({ bytes, at }: CutDisk, selector: string): { start: number; bytes: Uint8Array } {
  const start = at(selector) + STATE_AT;
  const content = bytes.slice(start, start + 4096);
  content.set(encodeGrubenv(UPDATED));
  return { start, bytes: content };
}

it('nothing is said of writes to the other slot, to file systems, and to the state', async () => {
  const disk = await cutDisk();
  expect(
    await straysOf(disk, [
      { start: disk.at('HullB'), bytes: filled(4096, 3) },
      { start: disk.at('SandB') + 512, discard: 8192 },
      { start: disk.at('Shells'), bytes: filled(512, 3) },
      page(disk, 'ReefA'),
      page(disk, 'ReefB'),
      'flush',
      { mark: 'tide' },
    ]),
  ).toEqual([]);
});

it.each<[string, (disk: CutDisk) => Logged, string]>([
  ['the kernel that runs', ({ at }) => ({ start: at('HullA'), bytes: filled(512, 0) }), 'a write to HullA of the slot'],
  [
    'the root that runs',
    ({ at }) => ({ start: at('SandA'), discard: 512 }),
    'a discard to SandA of the slot that runs',
  ],
  ['the table', () => ({ start: 512, bytes: filled(512, 0) }), 'a write that is not within one partition'],
  ['two partitions', ({ at }) => ({ start: at('SandB') - 512, bytes: filled(1024, 0) }), 'is not within one partition'],
  [
    'a loader beside the state',
    disk => {
      const { start, bytes } = page(disk, 'ReefB');
      bytes[2000] = (bytes[2000] ?? 0) ^ 1;
      return { start, bytes };
    },
    'a write to ReefB that changes more than the state',
  ],
  [
    'a whole selector, dropped',
    ({ at }) => ({ start: at('ReefA'), discard: 4096 }),
    'a discard to ReefA that changes more than the state',
  ],
])('a write to %s is told', async (_, write, told) => {
  const disk = await cutDisk();
  const strays = await straysOf(disk, ['flush', write(disk)]);
  expect(strays).toEqual([expect.stringContaining(told)]);
  expect(strays[0]).toMatch(/^entry 1 of the log, \[\d+, \d+\): /);
});

it('an update that brings a selector may write it, and nothing else of the kind', async () => {
  const disk = await cutDisk();
  const whole = { start: disk.at('ReefB'), bytes: filled(4096, 0) };
  const running = { start: disk.at('SandA'), bytes: filled(512, 0) };
  expect(await straysOf(disk, [whole, running], 'updated')).toEqual([expect.stringContaining('a write to SandA')]);
});
