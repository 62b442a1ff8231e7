/** A disk drawn to scale as an SVG file, with a table of its partitions: `caisson show --svg`. Pure. */
import { formatSize, roundSize } from '../formats/bytes.ts';
import { headingOf, layOutBar, scaleNote, usedColumns, type DrawnDisk, type Segment } from './disk-bar.ts';
import type { Style } from './paint.ts';
import { drawSvgTable, measureSvgTable } from './svg-table.ts';
import { svgStyle } from './svg-style.ts';
import { element, svgText } from './svg.ts';
import { columnsOf, truncate, wrapText } from './text.ts';

/** Everything below is in pixels. */
const MARGIN = 24;
const LEAST_WIDTH = 912;
/** Room for a number of two digits or a short size. */
const LEAST_SEGMENT = 32;
const TEXT_HEIGHT = 58;
const USAGE_HEIGHT = 18;
const HEADING_LINE = 24;
const LINE = 20;
/** A character of 13 pixels, generous: what fits by this fits in most fonts. */
const CHARACTER = 8;
const BOLD_CHARACTER = 9;

/**
 * The whole file, self-contained: no scripts, no fonts, nothing fetched. Scale and colours are those of the terminal's
 * drawing; it follows the reader's preference for light or dark.
 */
export function drawSvg(disk: DrawnDisk): string {
  const partitions = [...disk.partitions].sort((a, b) => a.start - b.start);
  const table = measureSvgTable(partitions);
  const inner = Math.max(LEAST_WIDTH - 2 * MARGIN, table.width);
  const segments = layOutBar({ size: disk.size, partitions }, { width: inner, least: LEAST_SEGMENT }) ?? [];
  const heading = wrapText(headingOf(disk), Math.floor(inner / 10));
  const note = segments.length === 0 ? 'There are too many partitions to draw them.' : scaleNote(segments);
  const noteLines = wrapText(note, Math.floor(inner / CHARACTER));
  const barTop = MARGIN + heading.length * HEADING_LINE + 8;
  const barHeight = TEXT_HEIGHT + (segments.some(({ used }) => used !== null) ? USAGE_HEIGHT + 16 : 0);
  const legendTop = barTop + barHeight + 26;
  const legend = legendOf(segments);
  const noteTop = legendTop + (legend.length === 0 ? 0 : LINE + 4);
  const tableTop = noteTop + noteLines.length * LINE + 20;
  const [width, height] = [inner + 2 * MARGIN, tableTop + table.height + MARGIN];
  const tones = partitions.map(each => segments.find(({ partition }) => partition === each)?.tone ?? 'dim');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    element('title', {}, [svgText(headingOf(disk))]),
    element('desc', {}, [svgText(segments.map(describeSegment).join('; '))]),
    `<style>\n${svgStyle()}\n</style>`,
    element('rect', { class: 'paper', width, height, rx: 8 }),
    ...heading.map((line, index) =>
      textAt(line, { x: MARGIN, y: MARGIN + 14 + index * HEADING_LINE, class: 'heading' }),
    ),
    ...drawBar(segments, { top: barTop, height: barHeight }),
    ...drawLegend(legend, legendTop),
    ...noteLines.map((line, index) => textAt(line, { x: MARGIN, y: noteTop + index * LINE, class: 'muted' })),
    element('g', { transform: `translate(0 ${tableTop})` }, drawSvgTable(table, { left: MARGIN, room: inner, tones })),
    '</svg>',
    '',
  ].join('\n');
}

function textAt(text: string, attributes: Readonly<Record<string, string | number>>): string {
  return element('text', attributes, [svgText(text)]);
}

function drawBar(segments: readonly Segment[], { top, height }: { top: number; height: number }): string[] {
  let x = MARGIN;
  return segments.map(segment => {
    const drawn = drawSegment(segment, { x, top, height });
    x += segment.columns;
    return drawn;
  });
}

/** Its own `svg` element, which cuts off what a wide font makes longer than it should be. */
function drawSegment(segment: Segment, { x, top, height }: { x: number; top: number; height: number }): string {
  const { columns, labels, sizes, used, tone } = segment;
  // A pixel of paper on either side.
  const width = Math.max(1, columns - 2);
  const columnsIn = (character: number): number => Math.floor((width - 10) / character);
  const label = labelFor(labels, columnsIn(BOLD_CHARACTER));
  const size = sizes.find(text => columnsOf(text) <= columnsIn(CHARACTER)) ?? '';
  const frame = { x: 0.5, y: 0.5, width: Math.max(0.5, width - 1), height: height - 1, rx: 3, class: 'part' };
  return element('svg', { x: x + 1, y: top, width, height }, [
    element('g', { class: tone }, [
      element('title', {}, [svgText(describeSegment(segment))]),
      element('rect', frame),
      ...(label === '' ? [] : [textAt(label, { x: 6, y: 23, class: 'name' })]),
      ...(size === '' ? [] : [textAt(size, { x: 6, y: 43 })]),
      ...(used === null ? [] : drawUsage(used, { width, top: height - USAGE_HEIGHT - 8 })),
    ]),
  ]);
}

/** A name that is cut says more than the number alone, when there is room for a few letters. */
function labelFor(labels: readonly string[], room: number): string {
  const [longest = '', ...shorter] = labels;
  if (columnsOf(longest) <= room || room >= 6) return truncate(longest, room);
  return shorter.find(text => columnsOf(text) <= room) ?? '';
}

function drawUsage(used: number, { width, top }: { width: number; top: number }): string[] {
  const inset = width > 16 ? 6 : 2;
  const room = Math.max(1, width - 2 * inset);
  const place = { x: inset, y: top, height: USAGE_HEIGHT, rx: 2 };
  const full = usedColumns(used, room);
  return [
    element('rect', { ...place, width: room, class: 'free' }),
    ...(full === 0 ? [] : [element('rect', { ...place, width: full, class: 'used' })]),
  ];
}

interface LegendEntry {
  tone: Style;
  text: string;
  /** Class of the rectangle that is explained. */
  part: string;
}

/** What the colours that occur mean; nothing when all partitions are alike. */
function legendOf(segments: readonly Segment[]): LegendEntry[] {
  const slots = segments.some(({ partition }) => (partition?.slot ?? null) !== null);
  const meanings = new Map(segments.map(segment => [segment.tone, meaningOf(segment, slots)]));
  const tones = meanings.size === 1 ? [] : [...meanings].map(([tone, text]) => ({ tone, text, part: 'part' }));
  const known = segments.find(({ used }) => used !== null);
  if (known === undefined) return tones;
  return [
    ...tones,
    { tone: known.tone, text: 'in use', part: 'used' },
    { tone: known.tone, text: 'free', part: 'free' },
  ];
}

function meaningOf({ partition }: Segment, slots: boolean): string {
  if (partition === null || !partition.filled) return 'empty, or no partition';
  if (partition.slot !== null) return `slot ${partition.slot}`;
  return slots ? 'in no slot' : 'partition';
}

function drawLegend(entries: readonly LegendEntry[], top: number): string[] {
  let x = MARGIN;
  return entries.flatMap(({ tone, text, part }) => {
    const at = x;
    x += 20 + columnsOf(text) * CHARACTER + 18;
    const swatch = element('rect', { x: at + 0.5, y: top - 11.5, width: 13, height: 13, rx: 2, class: part });
    return [element('g', { class: tone }, [swatch]), textAt(text, { x: at + 20, y: top, class: 'muted' })];
  });
}

/** "3 RootFSA: 4 GiB, 63.0 MiB used, root-x86-64, erofs, slot A". */
function describeSegment({ partition, labels, sizes }: Segment): string {
  if (partition === null) return `${labels[0]}: ${sizes[0]}`;
  const { start, end, used = null, typeName, filesystem, slot, mount, grow, filled } = partition;
  const details = [
    formatSize(end - start),
    used === null ? '' : `${roundSize(used)} used`,
    typeName ?? '',
    filesystem === 'none' ? '' : filesystem,
    slot === null ? '' : `slot ${slot}`,
    mount === '' ? '' : `mounted at ${mount}`,
    grow ? 'grows' : '',
    filled ? '' : 'empty',
  ];
  return `${labels[0]}: ${details.filter(detail => detail !== '').join(', ')}`;
}
