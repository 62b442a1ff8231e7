/** Events as plain lines for logs: no control codes, at most a handful of lines a task. Warnings go to stderr. */
import { roundSize } from '../formats/bytes.ts';
import type { Event } from './events.ts';
import { budgetsText } from './budgets.ts';
import { headroomText } from './headroom.ts';
import type { Renderer, Streams } from './rendering.ts';
import { count, formatSeconds, pad, plainText, columnsOf } from './text.ts';
import { writeAll } from './write.ts';

/** Progress is worth a line when it moved by this much … */
const STEP = 0.25;
/** … or, where the fraction is unknown, when the detail changed and this many seconds have gone by … */
const PAUSE = 10;
/** … or when nothing was said for so long that a CI system might think the job hangs. */
const SILENCE = 60;

interface Told {
  time: number;
  fraction: number;
  detail: string;
}

/** `seconds`: since the command began. */
export function createPlainRenderer({ stdout, stderr, seconds }: Streams & { seconds: () => number }): Renderer {
  const told = new Map<string, Told>();
  let idColumns = 8;

  const write = (stream: NodeJS.WritableStream, id: string, text: string): void => {
    const label = plainText(id);
    idColumns = Math.max(idColumns, columnsOf(label));
    stream.write(`[${seconds().toFixed(1).padStart(5)}s] ${pad(label, idColumns, 'left')}  ${plainText(text)}\n`);
  };

  const emit = (event: Event): void => {
    if (event.type === 'planned')
      idColumns = Math.max(idColumns, ...event.steps.map(({ id }) => columnsOf(plainText(id))));
    if (event.type === 'started') told.set(event.task.id, { time: seconds(), fraction: 0, detail: '' });
    if (event.type === 'progress') {
      if (!isDue(event, told.get(event.id), seconds())) return;
      told.set(event.id, { time: seconds(), fraction: event.fraction ?? 0, detail: event.detail });
    }
    const { id, text } = describe(event);
    write(event.type === 'warning' ? stderr : stdout, id, text);
  };

  return {
    emit,
    settle: () => writeAll(stdout),
    close: async () => {
      await writeAll(stdout);
      await writeAll(stderr);
    },
  };
}

function isDue(event: Extract<Event, { type: 'progress' }>, last: Told | undefined, now: number): boolean {
  if (last === undefined) return true;
  const since = now - last.time;
  if (since >= SILENCE) return true;
  if (event.fraction === null) return since >= PAUSE && event.detail !== last.detail;
  // The end is told by `finished`; below a second even the quarters are noise.
  return since >= 1 && event.fraction < 1 && event.fraction - last.fraction >= STEP;
}

function describe(event: Event): { id: string; text: string } {
  switch (event.type) {
    case 'planned': {
      const reused = event.steps.filter(({ cached }) => cached).length;
      return {
        id: event.image,
        text: `${event.version}: ${count(event.steps.length, 'step')}, ${event.steps.length - reused} to build, ${reused} to reuse`,
      };
    }
    case 'started':
      return { id: event.task.id, text: event.task.summary };
    case 'progress':
      return {
        id: event.id,
        text: event.fraction === null ? event.detail : `${Math.floor(event.fraction * 100)}% ${event.detail}`,
      };
    case 'finished':
      return { id: event.id, text: `done in ${formatSeconds(event.seconds)}${inBrackets(event.detail)}` };
    case 'waiting':
      return { id: event.id, text: `waits: ${event.detail}` };
    case 'reused':
      return { id: event.id, text: `reused${inBrackets(event.detail)}` };
    case 'failed':
      return { id: event.id, text: `FAILED after ${formatSeconds(event.seconds)}` };
    case 'warning':
      return { id: 'warning', text: `${event.message}${event.hint === '' ? '' : ` (hint: ${event.hint})`}` };
    case 'published':
      return { id: 'wrote', text: `${event.path}  ${roundSize(event.bytes)}  sha256 ${event.sha256.slice(0, 12)}` };
    case 'headroom':
      return { id: 'room', text: headroomText(event) };
    case 'budgets':
      return { id: 'budgets', text: budgetsText(event) };
    case 'built':
      return {
        id: event.image,
        text: `${event.version} built in ${formatSeconds(event.seconds)}: ${count(event.built, 'step')} built, ${event.reused} reused; report: ${event.report}`,
      };
  }
}

function inBrackets(detail: string): string {
  return plainText(detail) === '' ? '' : ` (${plainText(detail)})`;
}
