/** Looked at in Chromium and librsvg too; here: what it says, that it is to scale, and that any disk gives sound XML. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawSvg } from '../../pipeline/report/draw-svg.ts';
import type { DrawnDisk } from '../../pipeline/report/disk-bar.ts';
import { GiB, MiB, partitions } from './partitions.ts';

const KIOSK: DrawnDisk = {
  title: 'kiosk & co',
  size: 9 * GiB,
  sectorSize: 4096,
  partitions: partitions([
    { name: 'LoaderX', size: 16 * MiB, more: { typeName: 'esp', slot: 'X', used: 5 * MiB } },
    { name: 'SystemX', size: 3 * GiB, more: { slot: 'X', filesystem: 'squashfs', used: 3 * GiB } },
    { name: 'SystemY', size: 3 * GiB, more: { slot: 'Y', filled: false, used: 0 } },
    { name: 'State', size: GiB, more: { filesystem: 'ext4', mount: '/srv/<state>', grow: true, used: 1 } },
  ]),
};

/** Attribute of each nested `svg`: the segments of the bar. */
const segmentValues = (svg: string, name: string): number[] =>
  [...svg.matchAll(new RegExp(`<svg(?= x=)[^>]*? ${name}="([0-9.]+)"`, 'g'))].map(match => Number(match[1]));
const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(match => match[1] ?? '');

describe('drawSvg', () => {
  test('says what it is, without and with eyes', () => {
    const svg = drawSvg(KIOSK);
    expect(svg).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<svg xmlns="[^"]+" width="912" .* role="img">\n/);
    expect(svg).toContain('<title>kiosk &amp; co: 9 GiB, 4 partitions, sectors of 4 KiB</title>');
    expect(svg).toContain('2 SystemX: 3 GiB, 3 GiB used, linux, squashfs, slot X; 3 SystemY: 3 GiB');
    expect(svg).toContain('4 State: 1 GiB, 1 B used, linux, ext4, mounted at /srv/&lt;state&gt;, grows');
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        'kiosk &amp; co: 9 GiB, 4 partitions, sectors of 4 KiB',
        '2 SystemX',
        '3 GiB, empty',
        'slot X',
        'in no slot',
        'empty, or no partition',
        'in use',
        'Drawn to scale, except 1, which is widened to be seen.',
        '/srv/&lt;state&gt;',
        'grows',
      ]),
    );
  });

  test('is to scale: equal sizes are equally wide, a third is a third', () => {
    const widths = segmentValues(drawSvg(KIOSK), 'width');
    expect(widths).toHaveLength(5);
    expect(widths[1]).toBe(widths[2]);
    expect(Math.abs((widths[1] ?? 0) / (widths[3] ?? 1) - 3)).toBeLessThan(0.1);
    expect(widths[0]).toBe(30);
  });

  test('full, empty and nearly empty are told apart', () => {
    const bars = [
      ...drawSvg(KIOSK).matchAll(/<rect x="\d+" y="\d+" height="18" rx="2" width="(\d+)" class="(\w+)"\/>/g),
    ];
    const rows = bars.map(match => [match[2], Number(match[1])] as const);
    const [, , [, whole] = ['', 0], [, full] = ['', 1], ...rest] = rows;
    expect(full).toBe(whole);
    expect(rest.map(([kind]) => kind)).toEqual(['free', 'free', 'used']);
    expect(rest[2]?.[1]).toBe(1);
  });

  test('a layout has neither bars nor a legend for use', () => {
    const layout = { ...KIOSK, partitions: KIOSK.partitions.map(({ used: _used, ...rest }) => rest) };
    expect(texts(drawSvg(layout))).not.toContain('in use');
    expect(drawSvg(layout)).not.toContain('class="used"');
  });

  test('follows the preference of the reader, and fetches nothing', () => {
    const svg = drawSvg(KIOSK);
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
    expect(svg).not.toMatch(/<script|href=|url\(|@import|\son\w+=/);
    expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
  });

  test('a disk without partitions, and one with more than there is room for', () => {
    expect(texts(drawSvg({ ...KIOSK, partitions: [] }))).toContain('no partition');
    const many = partitions(Array.from({ length: 900 }, (_, index) => ({ name: `p${index}`, size: MiB })));
    const svg = drawSvg({ ...KIOSK, size: 901 * MiB, partitions: many });
    expect(texts(svg)).toContain('There are too many partitions to draw them.');
    expect(texts(svg)).toContain('p899');
  });

  const disks = fc
    .array(
      fc.record({
        name: fc.array(fc.nat(0xffff), { maxLength: 36 }).map(codes => String.fromCharCode(...codes)),
        size: fc.integer({ min: 1, max: 2 ** 21 }),
        used: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        slot: fc.constantFrom(null, 'A', 'B', 'C'),
        filled: fc.boolean(),
      }),
      { maxLength: 40 },
    )
    .map(rows => {
      const drawn = partitions(
        rows.map(({ name, size, used, ...more }) => ({
          name,
          size: size * MiB,
          more: { ...more, used: used === null ? null : Math.floor(used * size * MiB) },
        })),
      );
      return { title: 'any', size: (drawn.at(-1)?.end ?? MiB) + 33 * MiB, sectorSize: 512, partitions: drawn };
    });

  test('of any disk is well-formed, and its segments stand side by side inside it', () => {
    fc.assert(
      fc.property(disks, disk => {
        const svg = drawSvg(disk);
        expect(unclosed(svg)).toEqual([]);
        const [xs, widths] = [segmentValues(svg, 'x'), segmentValues(svg, 'width')];
        const total = Number(/^<svg [^>]*width="(\d+)"/m.exec(svg)?.[1]);
        for (const [index, x] of xs.entries()) {
          expect(x + (widths[index] ?? 0)).toBeLessThanOrEqual((xs[index + 1] ?? total - 24) - 1);
          expect(widths[index]).toBeGreaterThanOrEqual(1);
        }
        expect(xs.length).toBeGreaterThan(0);
        expect((xs.at(-1) ?? 0) + (widths.at(-1) ?? 0)).toBe(total - 25);
      }),
    );
  });
});

/** Names of elements that are not closed in their order; enough of a parser for what has no comments and no CDATA. */
function unclosed(svg: string): string[] {
  const open: string[] = [];
  const rest = svg.replace(/^<\?xml[^>]*\?>/, '').replaceAll(/<(\/?)(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g, tag);
  expect(rest).not.toMatch(/[<]|&(?!(amp|lt|gt|quot|#39);)/);
  return open;
  function tag(_: string, closing: string, name: string, _attributes: string, empty: string): string {
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (empty === '') open.push(name);
    return '';
  }
}
