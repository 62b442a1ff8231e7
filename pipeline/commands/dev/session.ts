/** What one run of `caisson dev` knows from one round to the next, and how it speaks. */
import type { Emit } from '../../report/events.ts';
import { drawNews, drawProgress, type DevNews } from '../../report/dev.ts';
import type { BuildOptions } from '../build.ts';
import type { CommandContext } from '../context.ts';
import type { Held } from './compare.ts';
import type { DevMachine } from './machine.ts';
import type { Watch } from './watch.ts';

export interface SessionOptions extends Omit<BuildOptions, 'check'> {
  /** Is each new image booted? */
  boot: 'yes' | 'no';
  /** Of 127.0.0.1. */
  port: number;
  memoryMiB: number;
  cpus: number;
  /** One round: build, and boot until the machine is ready. */
  once: boolean;
  /** Of Caisson, for messages about its own bugs. */
  version: string;
}

export interface Session {
  options: SessionOptions;
  watch: Watch;
  tell: (news: DevNews) => void;
  /** Host folder that is removed at the end. */
  scratch: string;
  /** What the disk held when it was last compared; null before. */
  held: Held | null;
  /** As in ExecuteOptions: always for the first build; what was digested in this session only once it has changed. */
  check: BuildOptions['check'];
  /** Was it built since then? Since it was last booted? */
  uncompared: boolean;
  unbooted: boolean;
  /** Starts the last built image; null before there is one. */
  start: ((context: CommandContext) => Promise<DevMachine>) | null;
  machine: DevMachine | null;
}

export function openSession(
  context: CommandContext,
  { options, watch, scratch }: Pick<Session, 'options' | 'watch' | 'scratch'>,
): Session {
  return {
    options,
    watch,
    scratch,
    tell: teller(context),
    held: null,
    check: 'always',
    uncompared: false,
    unbooted: true,
    start: null,
    machine: null,
  };
}

/** Ends the machine that runs, if any. */
export async function endMachine(session: Session): Promise<void> {
  const { machine } = session;
  session.machine = null;
  await machine?.end();
}

/** The machine that runs is replaced. */
export async function bootAgain(context: CommandContext, session: Session): Promise<void> {
  if (session.start === null) return;
  await endMachine(session);
  session.machine = await session.start(context);
  session.unbooted = false;
}

/** Events of a build, as a session shows them. */
export function progress({ json, emit, print }: CommandContext): Emit {
  if (json) return emit;
  return event => {
    const text = drawProgress(event);
    if (text !== null) print(`${text}\n`);
  };
}

function teller({ json, print, width, color }: CommandContext): Session['tell'] {
  const start = performance.now();
  // As the events of builds among which these stand.
  const time = (): number => Math.round(performance.now() - start) / 1000;
  if (json) return news => print(`${JSON.stringify({ time: time(), ...news })}\n`);
  return news => print(`${drawNews(news, { width: width ?? 100, color })}\n`);
}
