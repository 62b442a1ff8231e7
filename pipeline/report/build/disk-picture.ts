/** A disk as an inline SVG: a strip to scale, and below it each partition as wide as its name wants. Pure. */
import { formatSize, roundSize } from '../../formats/bytes.ts';
import { headingOf, layOutBar, type DrawnDisk, type DrawnPartition, type Segment } from '../disk-bar.ts';
import { element, svgText } from '../svg.ts';
import { columnsOf, truncate } from '../text.ts';

/** Units of the drawing, which is as wide as the page. */
const WIDTH = 1072;
const STRIP = 18;
const GUIDES = 26;
const CARD = 92;
/** Room for what is in use. */
const LEAST = 112;
/** Of 13 and of 12 units, generous. */
const CHARACTER = 8.2;
const SMALL = 7.2;

/** Two drawings of one disk: on phones only the strip is shown, which is as wide as there is room. */
export function diskPicture(disk: DrawnDisk): string {
  const partitions = [...disk.partitions].sort((a, b) => a.start - b.start);
  const segments = layOutBar({ size: disk.size, partitions }, { width: WIDTH, least: LEAST }) ?? [];
  const height = STRIP + GUIDES + CARD;
  const text = [
    element('title', {}, [svgText(headingOf(disk))]),
    element('desc', {}, [svgText(partitions.map(describe).join('; '))]),
  ];
  const whole = element('svg', { class: 'disk wide', viewBox: `0 0 ${WIDTH} ${height}`, role: 'img' }, [
    ...text,
    ...strip(disk, segments),
    ...drawCards(disk, segments),
  ]);
  const narrow = { class: 'disk narrow', viewBox: `0 0 ${WIDTH} ${STRIP}`, preserveAspectRatio: 'none', role: 'img' };
  return `${whole}\n${element('svg', narrow, [...text, ...strip(disk, segments)])}`;
}

/** "RootFSA: 4 GiB, 48.5 MiB used". */
function describe({ name, start, end, used }: DrawnPartition): string {
  return `${name}: ${formatSize(end - start)}${used == null ? '' : `, ${roundSize(used)} used`}`;
}

/** Every partition where it is, as long as it is. */
function strip({ size }: DrawnDisk, segments: readonly Segment[]): string[] {
  const ground = element('rect', { class: 'ground', width: WIDTH, height: STRIP, rx: 3 });
  const drawn = segments.flatMap(({ partition, tone }) => {
    if (partition === null) return [];
    const { start, end, used } = partition;
    const x = (start / size) * WIDTH;
    const width = Math.max(0.75, ((end - start) / size) * WIDTH - 1);
    const full = Math.min(width, Math.max(used === null || used === 0 ? 0 : 0.75, ((used ?? 0) / size) * WIDTH));
    return [
      element('g', { class: tone }, [
        element('title', {}, [svgText(describe(partition))]),
        element('rect', { class: 'free', x: round(x), width: round(width), height: STRIP }),
        ...(full === 0 ? [] : [element('rect', { class: 'used', x: round(x), width: round(full), height: STRIP })]),
      ]),
    ];
  });
  return [ground, ...drawn];
}

function drawCards({ size }: DrawnDisk, segments: readonly Segment[]): string[] {
  let x = 0;
  return segments.map(segment => {
    const left = x;
    x += segment.columns;
    const { partition, tone, columns } = segment;
    if (partition === null) return '';
    const [from, to] = [(partition.start / size) * WIDTH, (partition.end / size) * WIDTH];
    const [top, bottom] = [STRIP + 2, STRIP + GUIDES];
    const points = [
      [from, top],
      [Math.max(from + 0.75, to - 1), top],
      [left + columns - 3, bottom],
      [left, bottom],
    ];
    return element('g', { class: tone }, [
      element('polygon', { class: 'guide', points: points.map(each => each.map(round).join(',')).join(' ') }),
      drawCard(segment, left, columns - 3),
    ]);
  });
}

/** Its own `svg` element, which cuts off what a wide font makes longer than it should be. */
function drawCard({ partition, labels, used }: Segment, x: number, width: number): string {
  if (partition === null) return '';
  const roomFor = (character: number): number => Math.floor((width - 14) / character);
  const room = roomFor(CHARACTER);
  const [, number = ''] = labels;
  const name = columnsOf(partition.name) <= room || room >= 6 ? truncate(partition.name, room) : number;
  const lines = [
    { text: name, y: 22, style: 'name' },
    { text: formatSize(partition.end - partition.start), y: 41, style: '' },
    { text: partition.filled ? `${roundSize(partition.used ?? 0)} used` : 'empty', y: 58, style: 'muted' },
  ].filter(({ text, style }, at) => at === 0 || columnsOf(text) <= roomFor(style === 'muted' ? SMALL : CHARACTER));
  const bar = { x: 8, y: CARD - 22, height: 11, rx: 2 };
  const full = Math.max(used === null || used === 0 ? 0 : 2, (used ?? 0) * (width - 16));
  return element('svg', { x, y: STRIP + GUIDES, width, height: CARD }, [
    element('title', {}, [svgText(describe(partition))]),
    element('rect', { class: 'part', x: 0.5, y: 0.5, width: width - 1, height: CARD - 1, rx: 5 }),
    ...lines.map(({ text, y, style }) => element('text', { x: 8, y, class: style }, [svgText(text)])),
    element('rect', { class: 'room', ...bar, width: width - 16 }),
    ...(full === 0 ? [] : [element('rect', { class: 'used', ...bar, width: round(full) })]),
  ]);
}

function round(units: number): number {
  return Number(units.toFixed(2));
}

export const DISK_STYLE = `
svg.disk { display: block; width: 100%; overflow: hidden; }
.disk.narrow { display: none; height: 30px; border-radius: 4px; }
.disk text { fill: var(--ink); font-size: 13px; } .disk .name { font-weight: 600; } .disk .muted { fill: var(--muted); font-size: 12px; }
.disk .ground { fill: var(--card); } .disk .room { fill: var(--paper); } .disk .guide { opacity: 0.55; }
${['cyan', 'yellow', 'green', 'magenta', 'dim']
  .map(
    name => `.${name} .free, .${name} .part, .${name} .guide { fill: var(--${name}-plain); } .${name} .used { fill: var(--${name}); }
.${name} .part { stroke: var(--${name}); } .disk .${name} .free { fill: color-mix(in srgb, var(--${name}) 42%, var(--paper)); }`,
  )
  .join('\n')}
.disk .dim .part { stroke-dasharray: 4 3; }
@media screen and (max-width: 720px) { .disk.wide { display: none; } .disk.narrow { display: block; } }`;
