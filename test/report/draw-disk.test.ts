import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOutBar } from '../../pipeline/report/disk-bar.ts';
import { drawDisk, type DrawnDisk } from '../../pipeline/report/draw-disk.ts';
import { columnsOf } from '../../pipeline/report/text.ts';
import { GiB, MiB, partitions } from './partitions.ts';

const KIOSK: DrawnDisk = {
  title: 'layouts/kiosk.yaml',
  size: 10 * GiB,
  sectorSize: 4096,
  partitions: partitions([
    { name: 'LoaderX', size: 16 * MiB, more: { typeName: 'esp', filesystem: 'vfat', slot: 'X', used: 5 * MiB } },
    {
      name: 'SystemX',
      size: 3 * GiB,
      more: { typeName: 'root-x86-64', filesystem: 'squashfs', slot: 'X', used: 3 * GiB },
    },
    {
      name: 'SystemY',
      size: 3 * GiB,
      more: { typeName: 'root-x86-64', filesystem: 'squashfs', slot: 'Y', filled: false },
    },
    {
      name: 'State',
      size: GiB,
      more: { typeName: null, filesystem: 'ext4', mount: '/srv/state', grow: true, used: 0 },
    },
  ]),
};

describe('drawDisk', () => {
  test('to scale, with numbers, sizes, use, and a table', () => {
    expect(drawDisk(KIOSK, { width: 100, unicode: true, color: false })).toBe(
      `layouts/kiosk.yaml: 10 GiB, 4 partitions, sectors of 4 KiB

┌──┬────────────────────────────┬────────────────────────────┬────────┬────────────────────────────┐
│1 │2 SystemX                   │3 SystemY                   │4 State │no partition                │
│  │3 GiB                       │3 GiB, empty                │1 GiB   │3055 MiB                    │
│█░│████████████████████████████│                            │░░░░░░░░│                            │
└──┴────────────────────────────┴────────────────────────────┴────────┴────────────────────────────┘
Drawn to scale, except 1, which is widened to be seen.

#  name        start    size   used    free  type                  holds     slot  mount
1  LoaderX     1 MiB  16 MiB  5 MiB  11 MiB  esp                   vfat      X
2  SystemX    17 MiB   3 GiB  3 GiB     0 B  root-x86-64           squashfs  X
3  SystemY  3089 MiB   3 GiB                 root-x86-64           squashfs  Y                 empty
4  State    6161 MiB   1 GiB    0 B   1 GiB  0fc63daf-8483-4772-…  ext4            /srv/state  grows`,
    );
  });

  test('in ASCII, narrow: fewer columns, shorter texts', () => {
    expect(drawDisk(KIOSK, { width: 60, unicode: false, color: false })).toBe(
      `layouts/kiosk.yaml: 10 GiB, 4 partitions, sectors of 4 KiB

+--+----------------+----------------+----+----------------+
|1 |2 SystemX       |3 SystemY       |4   |no partition    |
|  |3 GiB           |3 GiB, empty    |1G  |3055 MiB        |
|#.|################|                |....|                |
+--+----------------+----------------+----+----------------+
Drawn to scale, except 1, which is widened to be seen.

#  name       size   used  type       slot  mount
1  LoaderX  16 MiB  5 MiB  esp        X
2  SystemX   3 GiB  3 GiB  root-x86…  X
3  SystemY   3 GiB         root-x86…  Y                empty
4  State     1 GiB    0 B  0fc63daf…        /srv/sta…  grows`,
    );
  });

  test('a layout has no row and no columns for use', () => {
    const layout = { ...KIOSK, partitions: KIOSK.partitions.map(({ used: _used, ...partition }) => partition) };
    const text = drawDisk(layout, { width: 100, unicode: true, color: false });
    expect(text).not.toMatch(/used|free {2}|[█░]/);
  });

  test('colour adds codes and changes nothing else; a slot has a colour of its own, an empty one is dim', () => {
    const colored = drawDisk(KIOSK, { width: 90, unicode: true, color: true });
    expect(stripVTControlCharacters(colored)).toBe(drawDisk(KIOSK, { width: 90, unicode: true, color: false }));
    expect(colored).toContain('\u001b[36m2 SystemX');
    expect(colored).toContain('\u001b[2m3 SystemY');
    expect(colored).toContain('\u001b[32m4 State');
  });

  test('more partitions than columns: says so, and the table remains', () => {
    const text = drawDisk(KIOSK, { width: 4, unicode: true, color: false });
    expect(text).not.toContain('│');
    expect(text.replaceAll(/\s/g, '')).toContain('Theterminalistoonarrow');
  });

  test('room between partitions is drawn; partitions in order of start, whatever their numbers', () => {
    const [first, second] = partitions([
      { name: 'Late', size: 6 * GiB },
      { name: 'Early', size: 2 * GiB },
    ]);
    if (first === undefined || second === undefined) throw new Error('two partitions');
    const moved = [
      { ...first, start: 10 * GiB, end: 16 * GiB },
      { ...second, start: MiB, end: MiB + 2 * GiB },
    ];
    expect(
      drawDisk(
        { title: 'gap', size: 16 * GiB, sectorSize: 512, partitions: moved },
        { width: 49, unicode: false, color: false },
      )
        .split('\n')
        .slice(2, 5),
    ).toEqual([
      '+-----+-----------------------+-----------------+',
      '|2    |no partition           |1 Late           |',
      '|2 GiB|8191 MiB               |6 GiB            |',
    ]);
  });

  test('nearly full still shows room, nearly empty still shows use', () => {
    const drawn = partitions([
      { name: 'Full', size: GiB, more: { used: GiB - 1 } },
      { name: 'Bare', size: GiB, more: { used: 1 } },
    ]);
    const text = drawDisk(
      { title: 'use', size: 2 * GiB + MiB, sectorSize: 512, partitions: drawn },
      { width: 21, unicode: false, color: false },
    );
    expect(text).toContain('\n|########.|#........|\n');
  });

  test('an empty disk', () => {
    expect(
      drawDisk(
        { title: 'bare', size: GiB, sectorSize: 512, partitions: [] },
        { width: 30, unicode: false, color: false },
      ),
    ).toContain('|no partition');
  });

  const disks = fc
    .record({
      sizes: fc.array(fc.integer({ min: 1, max: 4 * 2 ** 20 }), { minLength: 1, maxLength: 20 }),
      free: fc.integer({ min: 0, max: 2 ** 21 }),
      width: fc.integer({ min: 24, max: 250 }),
    })
    .map(({ sizes, free, width }) => {
      const drawn = partitions(sizes.map((size, index) => ({ name: `p${index}`, size: size * MiB })));
      return {
        width,
        disk: { title: 'any', size: (drawn.at(-1)?.end ?? 0) + free * MiB, sectorSize: 512, partitions: drawn },
      };
    });

  test('segments add up to the width, each partition has one, in order', () => {
    fc.assert(
      fc.property(disks, ({ disk, width }) => {
        const segments = layOutBar(disk, { width, least: 3 }) ?? [];
        expect(segments.reduce((sum, { columns }) => sum + columns, 0)).toBe(width);
        expect(segments.every(({ columns }) => columns >= 1)).toBe(true);
        expect(segments.flatMap(({ partition }) => partition ?? [])).toEqual(disk.partitions);
      }),
    );
  });

  test('every row of the bar is exactly as wide as the terminal, and no line wider', () => {
    fc.assert(
      fc.property(disks, fc.boolean(), ({ disk, width }, unicode) => {
        const lines = drawDisk(disk, { width, unicode, color: false }).split('\n');
        expect(lines.filter(line => /^[┌│└|+]/.test(line)).map(columnsOf)).toEqual([width, width, width, width]);
        expect(Math.max(...lines.map(columnsOf))).toBe(width);
      }),
    );
  });
});
