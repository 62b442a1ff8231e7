/** What a command said while it ran, and when: the events pass through, and are kept for its report. */
import type { Emit, Event } from '../../../report/events.ts';

export interface TimedTask {
  id: string;
  summary: string;
  /** Seconds since the command began. */
  startedAt: number;
  seconds: number;
}

export interface Journal {
  /** Hands every event on. */
  emit: Emit;
  /** What is over, in the order of its ends. */
  tasks: readonly TimedTask[];
  warnings: readonly { message: string; hint: string }[];
}

/** `seconds`: since the command began. */
export function keepJournal(emit: Emit, seconds: () => number): Journal {
  const running = new Map<string, { summary: string; startedAt: number }>();
  const tasks: TimedTask[] = [];
  const warnings: { message: string; hint: string }[] = [];
  const keep = (event: Event): void => {
    if (event.type === 'started') running.set(event.task.id, { ...event.task, startedAt: seconds() });
    if (event.type === 'warning') warnings.push({ message: event.message, hint: event.hint });
    if (event.type !== 'finished') return;
    const { id, seconds: took } = event;
    const { summary = id, startedAt = seconds() - took } = running.get(id) ?? {};
    tasks.push({ id, summary, startedAt, seconds: took });
  };
  return {
    emit: event => {
      keep(event);
      emit(event);
    },
    tasks,
    warnings,
  };
}
