import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cat } from '../../pipeline/commands/cat.ts';
import type { CommandContext } from '../../pipeline/commands/context.ts';
import { UsageFault } from '../../pipeline/commands/context.ts';
import { ls } from '../../pipeline/commands/ls.ts';
import { writeRaw } from '../../pipeline/disk/write.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { encodeGpt } from '../../pipeline/formats/gpt.ts';
import type { Event } from '../../pipeline/report/events.ts';
import { projectFolder } from '../config/project-folder.ts';
import { made, poke } from '../formats/made.ts';
import { commandContext } from './context.ts';

const MIB = 2 ** 20;
const folder = projectFolder({});
const at = (name: string): string => path.join(folder.path, name);
const disk = (): string => at('disk.raw');

/** Names that are numbers, twice there, with a colon, with an escape sequence; a sound and a damaged file system. */
const PARTITIONS = [
  { number: 2, name: 'Kelp', content: made('erofs-plain') },
  { number: 3, name: 'Kelp:Bed', content: poke(made('ext4'), { at: 1024 + 0x18, value: 99, width: 4 }) },
  { number: 5, name: 'Twin' },
  { number: 6, name: 'Twin', content: new Uint8Array(512).fill(7) },
  { number: 7, name: '9' },
  { number: 9, name: 'esc\u001b[2Jape' },
];

beforeAll(async () => {
  const rows = PARTITIONS.map(({ number, name, content = new Uint8Array() }, index) => ({
    number,
    name,
    content,
    type: '0fc63daf-8483-4772-8e79-3d69d8477de4',
    uuid: `11111111-2222-4333-8444-55555555550${number}`,
    attributes: [],
    start: (1 + 8 * index) * MIB,
    end: (9 + 8 * index) * MIB,
  }));
  const size = 64 * MIB;
  const gpt = encodeGpt({ size, sectorSize: 512, diskGuid: '99999999-2222-4333-8444-555555555555', partitions: rows });
  const extents = [
    { start: 0, bytes: gpt.primary },
    ...rows.filter(each => each.content.length > 0).map(each => ({ start: each.start, bytes: each.content })),
    { start: size - gpt.backup.length, bytes: gpt.backup },
  ];
  await writeRaw({ size, logicalSectorSize: 512, physicalSectorSize: 4096, extents }, disk(), {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
});

const list = async (place: string | null, own: Partial<CommandContext> = {}): Promise<string> => {
  const context = commandContext(folder.path, own);
  await ls(context, { image: disk(), out: at('out'), place, recursive: false });
  return context.printed;
};

describe('the partitions of an image', () => {
  test('drawn', async () => {
    expect((await list(null, { width: 90 })).split('\n').map(each => each.trimEnd())).toEqual([
      '#  partition          file system       size',
      '2  Kelp               erofs            8 MiB',
      '3  Kelp:Bed           damaged          8 MiB',
      '5  Twin               none (empty)     8 MiB',
      '6  Twin               none known here  8 MiB',
      '7  9                  none (empty)     8 MiB',
      String.raw`9  "esc\u001b[2Jape"  none (empty)     8 MiB`,
      '',
    ]);
  });

  test('as JSON', async () => {
    const { image, partitions } = JSON.parse(await list(null, { json: true })) as {
      image: string;
      partitions: object[];
    };
    expect(image).toBe('disk.raw');
    expect(partitions[0]).toEqual({
      number: 2,
      name: 'Kelp',
      typeName: 'linux',
      filesystem: 'erofs',
      content: 'erofs',
      fault: null,
      start: MIB,
      size: 8 * MIB,
    });
    expect(partitions.slice(1).map(each => (each as { filesystem: string | null }).filesystem)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  test('with what is wrong with the table as a warning', async () => {
    const events: Event[] = [];
    const broken = at('broken.raw');
    const bytes = readFileSync(disk());
    bytes.fill(0, 512, 1024);
    writeFileSync(broken, bytes);
    const context = commandContext(folder.path, { emit: event => void events.push(event) });
    await ls(context, { image: broken, out: at('out'), place: null, recursive: false });
    expect(context.printed).toContain('Kelp');
    expect(events).toMatchObject([{ type: 'warning', message: 'primary header: no signature "EFI PART"' }]);
  });
});

describe('a place that is none', () => {
  const rows: [string, string, string][] = [
    ['Klep:/etc', 'no partition "Klep" in disk.raw', 'did you mean "Kelp"?'],
    ['/etc/hosts', 'no partition "/etc/hosts" in disk.raw', 'write PARTITION:PATH'],
    ['4', 'no partition "4" in disk.raw', 'there are Kelp, Kelp:Bed, Twin, Twin, 9, escape'],
    ['Kelp/etc', 'no partition "Kelp/etc" in disk.raw', 'there are'],
    ['\u001b[2J:/', 'no partition "" in disk.raw', 'there are'],
    ['Twin:/x', '2 partitions of disk.raw are called "Twin"', 'name it by its number: 5 or 6'],
    ['5:/x', 'Twin is empty: it has no file system', 'caisson ls IMAGE shows which partitions have one'],
    ['6:/x', 'Twin has no file system that is known here', 'caisson ls IMAGE shows which partitions have one'],
    ['9:/x', '9 is empty: it has no file system', 'caisson ls'],
  ];
  test.each(rows)('%j', async (place, message, hint) => {
    for (const run of [
      async () => list(place),
      async () =>
        cat(commandContext(folder.path), { image: disk(), out: at('out'), place, to: null, stdout: process.stdout }),
    ]) {
      const error = await run().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UsageFault);
      expect(error).toMatchObject({ message });
      expect((error as UsageFault).hint).toContain(hint);
    }
  });

  test('a damaged file system, by the longest name that fits', async () => {
    const error = await list('Kelp:Bed:/x').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatFault);
    expect((error as FormatFault).message).toMatch(/^Kelp:Bed: damaged ext4: CRC-32C/);
  });

  test('an image that is none', async () => {
    await expect(
      ls(commandContext(folder.path), { image: at('none.raw'), out: at('out'), place: 'Kelp:/', recursive: false }),
    ).rejects.toThrow(/no image .*none\.raw/);
  });
});

describe('cat --to', () => {
  test.each([
    ['no/such/file', /no\/such is no folder$/, 'make it first, or name another'],
    ['', /is a folder$/, 'name the file to write'],
  ])('%j is refused before anything is read', async (name, message, hint) => {
    const options = { image: at('none.raw'), out: at('out'), place: 'Kelp:/x', to: at(name), stdout: process.stdout };
    const error = await cat(commandContext(folder.path), options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageFault);
    expect((error as UsageFault).message).toMatch(message);
    expect((error as UsageFault).hint).toBe(hint);
  });
});
