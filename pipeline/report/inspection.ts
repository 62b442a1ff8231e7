/** What `caisson inspect` found, for a terminal: the disk drawn, then its parts, then what is wrong. Pure. */
import { formatSize, roundSize } from '../formats/bytes.ts';
import {
  partitionLabel,
  type Container,
  type InspectedPartition,
  type InspectedVerity,
  type Inspection,
} from '../formats/inspection.ts';
import { drawDisk, type DrawOptions, type DrawnPartition } from './draw-disk.ts';
import { drawEfi } from './efi.ts';
import { drawFields } from './fields.ts';
import { painter } from './paint.ts';
import { drawTable, type Column } from './table.ts';
import { count, plainText, wrapText } from './text.ts';

/** Lines joined by newlines, none at the end. `title`: the image's file. */
export function drawInspection(title: string, inspection: Inspection, options: DrawOptions): string {
  const { container, gpt, partitions } = inspection;
  const drawn = { title, size: container.size, sectorSize: container.sectorSize, partitions: partitions.map(toDrawn) };
  const head = gpt === null ? painter(options.color)('bold', plainText(title)) : drawDisk(drawn, options);
  const parts = [
    head,
    drawContainer(inspection, options),
    drawFilesystems(partitions, options),
    ...partitions.flatMap(each => (each.verity === null ? [] : [drawVerity(each, each.verity, options)])),
    drawEfi(partitions, options),
    drawVerdict(inspection, options),
  ];
  return parts.filter(part => part !== '').join('\n\n');
}

function toDrawn(partition: InspectedPartition): DrawnPartition {
  const { content, filesystem, verity } = partition;
  const words = [filesystem?.variant ?? '', verity === null ? '' : 'verity', content === 'damaged' ? 'damaged' : ''];
  return {
    ...partition,
    filesystem: content === 'unknown' ? 'unknown' : words.filter(word => word !== '').join('+'),
    mount: '',
    grow: false,
    filled: content !== 'empty',
  };
}

function drawContainer({ container, gpt }: Inspection, { width, color }: DrawOptions): string {
  const rows: [string, string][] = [
    ['file', describeFile(container)],
    ...describeVhdx(container.vhdx),
    ['table', describeTable(gpt)],
  ];
  return [painter(color)('bold', 'Container'), ...drawFields(rows, { width, color })].join('\n');
}

function describeFile({ format, fileSize, size, sectorSize, vhdx }: Container): string {
  const kind = vhdx === null ? format : `${vhdx.subformat} ${format.toUpperCase()}`;
  const sectors = `sectors of ${formatSize(sectorSize)}`;
  const physical = vhdx === null ? '' : ` (physical: ${formatSize(vhdx.physicalSectorSize)})`;
  return `${kind}, ${roundSize(fileSize)} for a disk of ${roundSize(size)}; ${sectors}${physical}`;
}

function describeVhdx(vhdx: Container['vhdx']): [string, string][] {
  if (vhdx === null) return [];
  const { present, total } = vhdx.blocks;
  return [
    ['blocks', `${present} of ${total} present, ${formatSize(vhdx.blockSize)} each`],
    ['log', `${vhdx.log.state}, room for ${formatSize(vhdx.log.size)}`],
    ['creator', vhdx.creator],
    ['disk id', vhdx.diskId],
    ['written', `file ${vhdx.fileWriteGuid}, data ${vhdx.dataWriteGuid}`],
  ];
}

function describeTable(gpt: Inspection['gpt']): string {
  if (gpt === null) return 'none that can be read';
  return `GPT ${gpt.diskGuid}; ${gpt.faults.length === 0 ? 'both copies sound and alike' : 'not sound'}`;
}

interface FilesystemColumn extends Column {
  /** Left out on terminals narrower than this. */
  from: number;
  cell: (partition: InspectedPartition) => string;
}

const COLUMNS: readonly FilesystemColumn[] = [
  { title: 'partition', align: 'left', least: 8, from: 0, cell: partitionLabel },
  { title: 'holds', align: 'left', from: 0, cell: ({ filesystem }) => filesystem?.variant ?? '' },
  { title: 'label', align: 'left', from: 0, cell: ({ filesystem }) => filesystem?.label ?? '' },
  { title: 'size', align: 'right', from: 0, cell: ({ filesystem }) => roundSize(filesystem?.size ?? 0) },
  {
    title: 'block',
    align: 'right',
    from: 100,
    cell: ({ filesystem }) => formatSize(filesystem?.blockSize ?? 0),
  },
  { title: 'packed', align: 'left', from: 90, cell: ({ filesystem }) => filesystem?.compression.join(', ') ?? '' },
  { title: 'UUID', align: 'left', from: 0, cell: ({ filesystem }) => filesystem?.uuid ?? '' },
  { title: 'made', align: 'left', from: 110, cell: ({ filesystem }) => filesystem?.made ?? '' },
];

function drawFilesystems(partitions: readonly InspectedPartition[], { width, color }: DrawOptions): string {
  const shown = partitions.filter(({ filesystem }) => filesystem !== null);
  if (shown.length === 0) return '';
  const columns = COLUMNS.filter(({ from, cell }) => width >= from && shown.some(each => cell(each) !== ''));
  const table = drawTable(
    columns,
    shown.map(each => columns.map(({ cell }) => cell(each))),
    { width, color: false },
  );
  return `${painter(color)('bold', 'File systems')}\n${table}`;
}

function drawVerity(partition: InspectedPartition, verity: InspectedVerity, { width, color }: DrawOptions): string {
  const { algorithm, hashType, hashBlockSize, dataBlockSize, dataBlocks, tree, fec } = verity;
  const order = hashType === 1 ? '' : ', salt behind the data';
  const blocks = dataBlockSize === hashBlockSize ? '' : `, hashes in blocks of ${formatSize(hashBlockSize)}`;
  const rows: [string, string][] = [
    ['root hash', verity.rootHash ?? 'of the one data block, which stands elsewhere'],
    ['salt', verity.salt],
    ['data', `${dataBlocks} blocks of ${formatSize(dataBlockSize)}, ${algorithm}${order}${blocks}`],
    ['tree', `[${tree.start}, ${tree.end}), ${count(tree.levels, 'level')}, superblock at ${verity.offset}`],
    ['FEC', describeFec(fec)],
    ['UUID', verity.uuid],
  ];
  const title = painter(color)('bold', `Verity of ${plainText(partitionLabel(partition))}`);
  return [title, ...drawFields(rows, { width, color })].join('\n');
}

function describeFec(fec: InspectedVerity['fec']): string {
  if (fec === null) return 'none';
  return fec.end === null
    ? `from ${fec.start}; no kernel command line tells how much`
    : `[${fec.start}, ${fec.end}), ${fec.roots} parity bytes in 255`;
}

function drawVerdict({ faults, notes }: Inspection, { width, color, unicode }: DrawOptions): string {
  const paint = painter(color);
  const bullet = unicode ? '•' : '-';
  const listed = (texts: readonly string[]): string[] =>
    texts.flatMap(text =>
      wrapText(plainText(text), width - 4).map((line, index) => `  ${index === 0 ? bullet : ' '} ${line}`),
    );
  const looked = notes.length === 0 ? [] : [paint('yellow', 'Not looked at'), ...listed(notes)];
  const verdict =
    faults.length === 0
      ? [paint('green', notes.length === 0 ? 'No faults found.' : 'No faults found in what was looked at.')]
      : [paint('red', `${count(faults.length, 'fault')} found`), ...listed(faults)];
  return [...looked, ...(looked.length === 0 ? [] : ['']), ...verdict].join('\n');
}
