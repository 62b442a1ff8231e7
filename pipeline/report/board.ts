/** What the terminal shows at a moment, as lines: events go in, lines come out. Pure; tty.ts puts them on screen. */
import { roundSize } from '../formats/bytes.ts';
import { budgetsText } from './budgets.ts';
import type { Event, Task } from './events.ts';
import { headroomText } from './headroom.ts';
import { columnsOf, count, formatSeconds, pad, plainText, truncate, wrapText } from './text.ts';

export type LineState = 'running' | 'done' | 'failed' | 'stopped' | 'warning';

export interface Line {
  /** The same for the same thing from one drawing to the next. */
  key: string;
  state: LineState;
  /** One or more rows, joined by newlines, each at most the asked width. */
  text: string;
}

interface Running {
  task: Task;
  since: number;
  fraction: number | null;
  detail: string;
}

/** Something that is over, ready to be wrapped or cut to the width of the day. */
type Over = { key: string; state: LineState } & (
  | { type: 'task'; id: string; time: string; summary: string; detail: string }
  /** Wrapped rather than cut: what a person must be able to read whole or copy. */
  | { type: 'note'; text: string }
);

const MOST_ID = 24;

export class Board {
  #running = new Map<string, Running>();
  #over: Over[] = [];
  #head = 'preparing';
  #steps = new Set<string>();
  #finished = 0;
  #reused = 0;
  #idColumns = 0;
  #notes = 0;
  #end: string | null = null;

  /** `now`: seconds since the command began. */
  apply(event: Event, now: number): void {
    switch (event.type) {
      case 'planned':
        this.#head = plainText(`${event.image} ${event.version}`);
        for (const { id, cached } of event.steps) {
          this.#widen(id);
          if (!cached) this.#steps.add(id);
        }
        return;
      case 'started':
        this.#widen(event.task.id);
        this.#over = this.#over.filter(({ key }) => key !== `task ${event.task.id}`);
        this.#running.set(event.task.id, { task: event.task, since: now, fraction: null, detail: '' });
        return;
      case 'progress': {
        const running = this.#running.get(event.id);
        if (running === undefined) return;
        running.fraction = event.fraction;
        running.detail = plainText(event.detail);
        return;
      }
      case 'waiting':
        this.#wait(event, now);
        return;
      case 'finished':
        if (this.#steps.has(event.id)) this.#finished += 1;
        this.#settle(event.id, 'done', { seconds: event.seconds, detail: event.detail });
        return;
      case 'failed':
        this.#settle(event.id, 'failed', { seconds: event.seconds, detail: 'failed' });
        return;
      case 'reused':
        this.#reused += 1;
        this.#running.delete(event.id);
        return;
      case 'warning':
        this.#note('warning', event.hint === '' ? event.message : `${event.message} (hint: ${event.hint})`);
        return;
      case 'published':
        this.#note('done', `${event.path}  ${roundSize(event.bytes)}  sha256 ${event.sha256.slice(0, 12)}`);
        return;
      case 'headroom':
        this.#note('done', headroomText(event));
        return;
      case 'budgets':
        this.#note('done', `budgets: ${budgetsText(event)}`);
        return;
      case 'built':
        this.#note('done', `report: ${event.report}`);
        this.#end = `${plainText(`${event.image} ${event.version}`)} built in ${formatSeconds(event.seconds)}: ${count(event.built, 'step')} built, ${event.reused} reused`;
    }
  }

  /** Nothing goes on any more. `error`: what still ran is shown as stopped. */
  stop(now: number, error: boolean): void {
    const failed = this.#over.some(({ state }) => state === 'failed');
    for (const [id, { since }] of this.#running)
      this.#settle(id, 'stopped', { seconds: now - since, detail: 'stopped' });
    if (error) this.#end = `${this.#head} ${failed ? 'failed' : 'stopped'} after ${formatSeconds(now)}`;
    this.#end ??= `${this.#head === 'preparing' ? 'done' : this.#head} in ${formatSeconds(now)}`;
  }

  /** What is over, then what runs (the longest first), then the state of the whole: the live part stays at the bottom. */
  lines(width: number, now: number): { lines: Line[]; head: string } {
    const reused: Line[] =
      this.#reused === 0
        ? []
        : [{ key: 'reused', state: 'done', text: truncate(`${count(this.#reused, 'step')} reused`, width) }];
    return {
      lines: [
        ...reused,
        ...this.#over.map(over => ({ key: over.key, state: over.state, text: this.#drawOver(over, width) })),
        ...[...this.#running.values()].map(running => ({
          key: `task ${running.task.id}`,
          state: 'running' as const,
          text: this.#drawRunning(running, { width, now }),
        })),
      ],
      head: truncate(this.#end ?? this.#drawHead(now), width),
    };
  }

  #widen(id: string): void {
    this.#idColumns = Math.min(MOST_ID, Math.max(this.#idColumns, columnsOf(plainText(id))));
  }

  #wait({ id, detail }: Extract<Event, { type: 'waiting' }>, now: number): void {
    this.#widen(id);
    const running = this.#running.get(id) ?? { task: { id, summary: 'waits' }, since: now, fraction: null, detail: '' };
    this.#running.set(id, { ...running, detail: plainText(detail) });
  }

  #settle(id: string, state: LineState, { seconds, detail }: { seconds: number; detail: string }): void {
    const summary = plainText(this.#running.get(id)?.task.summary ?? '');
    this.#running.delete(id);
    this.#over.push({
      key: `task ${id}`,
      state,
      type: 'task',
      id,
      time: formatSeconds(seconds),
      summary,
      detail: plainText(detail),
    });
  }

  #note(state: LineState, text: string): void {
    this.#notes += 1;
    this.#over.push({ key: `note ${this.#notes}`, state, type: 'note', text: plainText(text) });
  }

  #drawOver(over: Over, width: number): string {
    // listr2 indents the rows after the first by two.
    if (over.type === 'note') return wrapText(over.text, width - 2).join('\n');
    const first = `${this.#label(over.id)}  ${over.time.padStart(7)}  `;
    const last = over.detail === '' ? '' : `  ${over.detail}`;
    // The summary gives way to the detail, which is news.
    const summary = truncate(over.summary, Math.max(0, width - columnsOf(first) - columnsOf(last)));
    return truncate(`${first}${summary}${last}`, width).trimEnd();
  }

  #drawRunning({ task, since, fraction, detail }: Running, { width, now }: { width: number; now: number }): string {
    const bar =
      fraction === null ? '' : `${drawBar(fraction, width)}${String(Math.floor(fraction * 100)).padStart(3)}%  `;
    const first = truncate(
      `${this.#label(task.id)}  ${formatSeconds(now - since).padStart(7)}  ${bar}${plainText(task.summary)}`,
      width,
    );
    return detail === '' ? first : `${first.trimEnd()}\n${truncate(`› ${detail}`, width - 2)}`;
  }

  #drawHead(now: number): string {
    const steps = this.#steps.size === 0 ? '' : `  ${this.#finished} of ${count(this.#steps.size, 'step')}`;
    return `${this.#head}  ${formatSeconds(now)}${steps}`;
  }

  #label(id: string): string {
    return pad(truncate(plainText(id), this.#idColumns), this.#idColumns, 'left');
  }
}

/** Empty where the terminal has no room for a bar beside the text. */
function drawBar(fraction: number, width: number): string {
  const columns = width >= 70 ? 20 : width >= 50 ? 10 : 0;
  const full = Math.min(columns, Math.max(0, Math.floor(fraction * columns)));
  return columns === 0 ? '' : `${'█'.repeat(full)}${'░'.repeat(columns - full)} `;
}
