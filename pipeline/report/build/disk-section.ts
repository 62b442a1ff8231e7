/** The disk of a build: drawn, and as a table. Pure. */
import { formatSize, roundSize } from '../../formats/bytes.ts';
import type { BuildReport, ReportDisk, ReportPartition, ReportRoom } from '../../formats/build-report.ts';
import { layOutBar } from '../disk-bar.ts';
import type { PageSection } from '../page.ts';
import { code, fold, lane, meters, note, table, type Meter } from '../page-parts.ts';
import type { Style } from '../paint.ts';
import { element, svgText } from '../svg.ts';
import { count } from '../text.ts';
import { diskPicture } from './disk-picture.ts';

export function diskSection({ image, disk, headroom }: BuildReport): PageSection[] {
  if (disk === null) return [];
  const drawn = { title: image, ...disk };
  const tones = tonesOf(disk);
  return [
    {
      title: 'Disk',
      note: `${roundSize(disk.size)}, ${count(disk.partitions.length, 'partition')}, sectors of ${formatSize(disk.sectorSize)}`,
      body: [
        diskPicture(drawn),
        key(disk, tones),
        table(
          COLUMNS,
          disk.partitions.map(each => row(each, tones)),
          'parts named',
        ),
        room(headroom),
        note(`Disk GUID ${disk.guid}.`),
      ].join('\n'),
    },
  ];
}

const COLUMNS = [
  { title: '', align: 'right', style: 'swatches' },
  { title: 'Partition', align: 'left', style: 'first' },
  { title: 'Holds', align: 'left', style: 'holds' },
  { title: 'Mounted', align: 'left', style: '' },
  { title: 'Start', align: 'right', style: '' },
  { title: 'Size', align: 'right', style: '' },
  { title: 'Used', align: 'right', style: '' },
  { title: 'Free', align: 'right', style: '' },
] as const;

function row(partition: ReportPartition, tones: ReadonlyMap<string, Style>): Parameters<typeof table>[1][number] {
  const { number, name, filesystem, slot, mount, start, end, used, grow, filled, type, typeName } = partition;
  const about = [slot === null ? '' : `slot ${slot}`, grow ? 'grows' : '', filled ? '' : 'empty'].filter(
    each => each !== '',
  );
  const holds = [filesystem === 'none' ? '' : filesystem, typeName ?? type].filter(each => each !== '').join(', ');
  return {
    style: tones.get(name) ?? 'dim',
    id: '',
    cells: [
      `${swatch('used')}${number}`,
      `<b>${svgText(name)}</b>${about.length === 0 ? '' : ` <small class="note">${svgText(about.join(', '))}</small>`}`,
      svgText(holds),
      code(mount),
      formatSize(start),
      formatSize(end - start),
      roundSize(used),
      roundSize(end - start - used),
    ],
  };
}

/** What the colours mean that occur. */
function key({ partitions }: ReportDisk, tones: ReadonlyMap<string, Style>): string {
  const meanings = new Map(
    partitions.map(({ name, slot, filled }) => [
      tones.get(name) ?? 'dim',
      filled ? (slot === null ? 'in no slot' : `slot ${slot}`) : 'empty as built',
    ]),
  );
  const items = [...meanings].map(([tone, text]) => `<li class="${tone}">${swatch('used')}${svgText(text)}</li>`);
  const note = '<li>The strip is to scale, dark where it is in use; below it, each partition by itself.</li>';
  return `<ul class="key disk-key">\n${items.join('\n')}\n${note}\n</ul>`;
}

function swatch(style: string): string {
  return element('svg', { class: 'swatch', viewBox: '0 0 12 12', 'aria-hidden': 'true' }, [
    element('rect', { class: style, width: 12, height: 12, rx: 3 }),
  ]);
}

/** By name of the partition: the colours of the drawing. */
function tonesOf({ size, partitions }: ReportDisk): Map<string, Style> {
  const segments = layOutBar({ size, partitions }, { width: 2 * partitions.length + 2, least: 1 }) ?? [];
  return new Map(segments.flatMap(({ partition, tone }) => (partition === null ? [] : [[partition.name, tone]])));
}

/** How far later versions may grow, in either slot. */
function room(headroom: readonly ReportRoom[]): string {
  if (headroom.length === 0) return '';
  const text = 'How much larger later versions may be: the size of a slot never changes on a machine.';
  return fold('Room in the slots', `${meters(headroom.map(roomMeter))}\n${note(text)}`);
}

function roomMeter({ content, partitions, size, used, free, reserve }: ReportRoom): Meter {
  const parts = [
    { from: 0, share: used / size, style: 'part1' },
    ...(reserve === 0 ? [] : [{ from: 1 - reserve / size, share: reserve / size, style: 'hollow' }]),
  ];
  const reserved = reserve === 0 ? '' : `, ${roundSize(reserve)} of it reserved`;
  return {
    label: content,
    about: `${partitions.join(' and ')}: ${roundSize(free)} free${reserved}`,
    html: lane(parts, { title: '', lines: [] }),
    value: `${roundSize(used)} of ${roundSize(size)}`,
    style: 'two',
  };
}

export const PARTS_STYLE = `
.parts { margin-top: 14px; } .parts .swatches { white-space: nowrap; width: 40px; }
@media screen and (max-width: 720px) {
  .parts tr { display: flex; flex-wrap: wrap; gap: 1px 12px; } .parts .first { flex: 1 1 70%; text-align: left; }
  .parts td { padding: 0; min-width: 0; } .parts td.swatches { width: auto; } .parts .holds { flex: 1 1 100%; }
  .parts.named td.first[data-title]::before, .parts.named td.holds[data-title]::before { content: none; }
}`;
