/** What `caisson dev` has to say between builds, as text for a person. Pure. */
import { roundSize, type Bytes } from '../formats/bytes.ts';
import type { Difference } from '../formats/difference.ts';
import type { DifferentBlocks, Extent } from '../formats/difference/blocks.ts';
import { drawDifference } from './difference.ts';
import type { Event } from './events.ts';
import { painter } from './paint.ts';
import { drawTable } from './table.ts';
import { count, formatSeconds, plainText } from './text.ts';

/** With `--json` these are lines among the events of builds. */
export type DevNews =
  | { type: 'watching'; image: string; places: number; keys: boolean }
  | { type: 'edited'; files: { path: string; what: 'new' | 'changed' | 'gone' }[] }
  /** `installs`: steps among them that install packages, which takes long. */
  | { type: 'building'; image: string; steps: number; installs: readonly string[] }
  /** The disk is that of the build before. */
  | { type: 'same'; image: string }
  | { type: 'differs'; image: string; partitions: readonly DifferentBlocks[]; difference: Difference }
  /** The image cannot be read here. */
  | { type: 'unread'; image: string; why: string }
  /** Of an image of which no copy can be made. */
  | { type: 'asBuilt'; image: string; why: string }
  | { type: 'booting'; image: string; console: string; port: number }
  /** `user`: null when nobody can log in. */
  | { type: 'ready'; image: string; seconds: number; user: string | null }
  /** The machine ended by itself. `ready`: it had been. */
  | { type: 'off'; image: string; seconds: number; ready: boolean; why: string; lastLines: string };

export interface DrawOptions {
  width: number;
  color: boolean;
}

/** One line or more, without a newline at the end. */
export function drawNews(news: DevNews, options: DrawOptions): string {
  const paint = painter(options.color);
  switch (news.type) {
    case 'watching':
      return paint(
        'dim',
        `watching ${count(news.places, 'document')} of ${plainText(news.image)}${news.keys ? ' (r builds, b boots, q ends)' : ''}`,
      );
    case 'edited':
      return ['', ...editLines(news.files).map(line => paint('bold', line))].join('\n');
    case 'building':
      return [
        `building ${count(news.steps, 'step')} of ${plainText(news.image)}`,
        ...news.installs.map(id => `  ${plainText(id)} installs its packages anew, which takes longer than all others`),
      ].join('\n');
    case 'same':
      return 'Nothing changed on the disk.';
    case 'differs':
      return drawChange(news, options);
    case 'unread':
      return `What changed on the disk is not known: ${plainText(news.why)}`;
    case 'asBuilt':
      return `It boots as it was built, and nobody is given a key: ${plainText(news.why)}`;
    case 'booting':
      return `booting ${plainText(news.image)}; its console: ${plainText(news.console)}`;
    case 'ready':
      return paint('green', `${plainText(news.image)} is ready after ${formatSeconds(news.seconds)}`).concat(
        news.user === null ? '; nobody can log in' : `: caisson ssh ${plainText(news.image)}`,
      );
    case 'off':
      return drawOff(news, options);
  }
}

/** What a person wants to see of the events of a build; null for all else. */
export function drawProgress(event: Event): string | null {
  switch (event.type) {
    case 'finished':
      return `  ${plainText(event.id).padEnd(15)} ${formatSeconds(event.seconds).padStart(7)}`;
    case 'failed':
      return `  ${plainText(event.id).padEnd(15)} failed after ${formatSeconds(event.seconds)}`;
    case 'waiting':
      return `  ${plainText(event.id)} waits: ${plainText(event.detail)}`;
    case 'warning':
      return `warning: ${plainText(event.message)}${event.hint === '' ? '' : ` (${plainText(event.hint)})`}`;
    case 'built':
      return `built in ${formatSeconds(event.seconds)}: ${count(event.built, 'step')} built, ${event.reused} reused`;
    default:
      return null;
  }
}

const MOST_FILES = 8;

function editLines(files: Extract<DevNews, { type: 'edited' }>['files']): string[] {
  const words = { new: 'is new', changed: 'has changed', gone: 'is gone' } as const;
  const lines = files.slice(0, MOST_FILES).map(({ path, what }) => `${plainText(path)} ${words[what]}`);
  return files.length > MOST_FILES ? [...lines, `and ${files.length - MOST_FILES} more`] : lines;
}

function drawChange(
  { partitions, difference }: Extract<DevNews, { type: 'differs' }>,
  { width, color }: DrawOptions,
): string {
  const paint = painter(color);
  const table = drawTable(
    [
      { title: '', align: 'left' },
      { title: 'partition', align: 'left' },
      { title: 'differ', align: 'right' },
      { title: 'of', align: 'right' },
      { title: 'start', align: 'right' },
      { title: 'size', align: 'right' },
    ],
    partitions.map(({ partition, old, new: next, bytes, held }) => [
      old === null ? '+' : next === null ? '-' : '~',
      partition,
      roundSize(bytes),
      roundSize(held),
      change(old, next, ({ start }) => start),
      change(old, next, ({ start, end }) => end - start),
    ]),
    { width, color: false },
  );
  const bytes = partitions.length === 0 ? [] : [`${paint('bold', 'Bytes on the disk')}\n${table}`];
  return [...bytes, drawDifference(difference, { width, color })].join('\n\n');
}

/** `9 MiB`; where it was another before, `9 MiB -> 12 MiB`. */
function change(old: Extent | null, next: Extent | null, of: (extent: Extent) => Bytes): string {
  const texts = [old, next].flatMap(each => (each === null ? [] : [roundSize(of(each))]));
  return [...new Set(texts)].join(' -> ');
}

function drawOff(
  { image, seconds, ready, why, lastLines }: Extract<DevNews, { type: 'off' }>,
  { color }: DrawOptions,
): string {
  const name = plainText(image);
  const reason = why === '' ? '' : ` (${plainText(why)})`;
  if (ready) return `${name} is off${reason}; b boots it again`;
  const lines = lastLines.split('\n').map(line => `    ${plainText(line)}`);
  return [
    painter(color)('red', `${name} ended after ${formatSeconds(seconds)}, before it was ready${reason}`),
    '  the last lines of its console:',
    ...lines,
  ].join('\n');
}
