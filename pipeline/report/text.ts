/** Text for people: without control codes, measured in terminal columns, cut and wrapped to a width. */

const ESC = String.fromCodePoint(0x1b);
const BEL = String.fromCodePoint(0x07);
/** CSI sequences, OSC strings and two-byte escapes of ECMA-48. */
const SEQUENCES = new RegExp(
  String.raw`${ESC}(?:\[[0-?]*[ -/]*[@-~]|\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\)?|[ -/]*[0-~])`,
  'g',
);
/** What is left that moves the cursor or reorders the line: controls, line separators, bidi overrides. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;
/** Blocks whose characters take two columns (Unicode 16, East Asian Width W and F, the common ones). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** One line without escape sequences or control characters; line ends and tabs become a space. */
export function plainText(text: string): string {
  return printable(text).trim();
}

/** As plainText, with the blanks at both ends: for output whose indentation says something. */
export function printable(text: string): string {
  return text.replace(SEQUENCES, '').replace(CONTROLS, ' ');
}

/** Terminal columns that a text without control codes takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

/** At most `width` columns of the text; `…` in the last one when something is cut. */
export function truncate(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  if (width <= 0) return '';
  return `${takeColumns(text, width - 1)}…`;
}

/** As much of the beginning as fits in `width` columns. */
export function takeColumns(text: string, width: number): string {
  let taken = '';
  let left = width;
  for (const character of text) {
    left -= columnsOfCharacter(character);
    if (left < 0) break;
    taken += character;
  }
  return taken;
}

/** padStart and padEnd, by columns. */
export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blank = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return align === 'left' ? text + blank : blank + text;
}

/** Lines of at most `width` columns, broken between words; a word longer than a line is broken anywhere. */
export function wrapText(text: string, width: number): string[] {
  const room = Math.max(2, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (columnsOf(joined) <= room) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (columnsOf(line) > room) {
      const head = takeColumns(line, room);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}

/** 14.62 -> "14.6s", 125 -> "2m 05s", 3725 -> "1h 02m". */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${twoDigits(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${twoDigits(Math.floor(whole / 60) % 60)}m`;
}

/** (1, "fault") -> "1 fault", (3, "fault") -> "3 faults". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function columnsOfCharacter(character: string): number {
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
