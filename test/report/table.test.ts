import { expect, test } from 'vitest';
import { drawTable, type Column } from '../../pipeline/report/table.ts';

const COLUMNS: Column[] = [
  { title: 'step', align: 'left' },
  { title: 'bytes', align: 'right' },
  { title: 'why', align: 'left' },
];
const ROWS = [
  ['rootfs-of-kiosk', '17', 'an overlay file changed'],
  ['日本', '190840832', ''],
  ['disk', '4'],
];

test('aligns, and leaves no blanks at line ends', () => {
  expect(drawTable(COLUMNS, ROWS, { width: null, color: false })).toBe(
    [
      'step                 bytes  why',
      'rootfs-of-kiosk         17  an overlay file changed',
      '日本             190840832',
      'disk                     4',
    ].join('\n'),
  );
});

test('cuts the widest left-aligned columns first, never numbers', () => {
  expect(drawTable(COLUMNS, ROWS, { width: 36, color: false })).toBe(
    [
      'step             bytes  why',
      'rootfs-of-…         17  an overlay …',
      '日本         190840832',
      'disk                 4',
    ].join('\n'),
  );
});

test('a column with a least width keeps it', () => {
  const columns = COLUMNS.map(column => (column.title === 'step' ? { ...column, least: 15 } : column));
  expect(drawTable(columns, ROWS, { width: 36, color: false }).split('\n')[1]).toBe(
    'rootfs-of-kiosk         17  an over…',
  );
});

test('cuts lines where narrow columns are not enough', () => {
  expect(drawTable(COLUMNS, ROWS, { width: 12, color: false })).toBe(
    ['step      b…', 'roo…       …', '日本  19084…', 'disk       …'].join('\n'),
  );
});

test('control characters of cells stay out; colour only when asked', () => {
  const table = drawTable([{ title: 'name', align: 'left' }], [['\u001b[31mred\n']], { width: 20, color: true });
  expect(table).toBe('\u001b[1mname\u001b[22m\nred');
});
