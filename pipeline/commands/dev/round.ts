/** One round of a session: load, build, tell what changed on the disk, boot. */
import path from 'node:path';
import { recordReads } from '../../config/reads.ts';
import { lookAhead } from '../../engine/execute.ts';
import { FormatFault } from '../../formats/fault.ts';
import { buildInto, journaled, withPrepared, type Telling } from '../build.ts';
import { UsageFault, type CommandContext, type ExitCode } from '../context.ts';
import { showFailure } from '../failure.ts';
import { imageFile } from '../image/file.ts';
import { compareHeld, readHeld, type Held } from './compare.ts';
import { startDevMachine } from './machine.ts';
import { bootAgain, endMachine, progress, type Session } from './session.ts';

/**
 * Faults of every kind are shown, and are no reason to end the session: 0 when the image was built, else what `build`
 * would have ended with. 130 when context.signal fired.
 */
export async function runRound(context: CommandContext, session: Session): Promise<ExitCode> {
  const { watch, options } = session;
  return guarded(context, session, async () => {
    watch.begin();
    const { told, ...telling } = journaled({ ...context, emit: progress(context) });
    const built = await recordReads(watch.see, async () =>
      withPrepared(told, options, async (prepared, out) => {
        watch.settle();
        return buildRound(told, session, { ...telling, prepared, out });
      }),
    );
    // Side by side: each waits for programs of its own most of the time.
    const boots = options.boot === 'yes' && (session.unbooted || session.machine?.over !== false);
    const both = [tellChange(context, session, built), ...(boots ? [bootAgain(context, session)] : [])];
    for (const each of await Promise.allSettled(both)) if (each.status === 'rejected') throw each.reason;
  });
}

/** Boots what was built last once more; the rest is as in runRound. */
export async function runBoot(context: CommandContext, session: Session): Promise<ExitCode> {
  return guarded(context, session, async () => bootAgain(context, session));
}

async function guarded(
  context: CommandContext,
  { watch, options }: Session,
  work: () => Promise<void>,
): Promise<ExitCode> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (context.signal.aborted) return 130;
    // A file that was half written, or that changed while it was read: the round that follows reads the whole of it.
    // With `once` none follows.
    if (!options.once && watch.stale()) return 1;
    const { json, color, print } = context;
    return showFailure(error, { interrupted: false, json, color, version: options.version, write: print });
  }
}

interface Built {
  /** Host path of the disk; null when it has no form that is read here. */
  file: string | null;
  name: string;
  tools: string;
}

async function buildRound(
  context: CommandContext,
  session: Session,
  { out, ...telling }: Telling & { out: string },
): Promise<Built> {
  const { prepared } = telling;
  const { plan, project, tools } = prepared;
  const { options } = session;
  const { environment, signal } = context;
  const ahead = await lookAhead(plan, { environment, out, signal });
  const missing = plan.steps.filter(step => ahead.get(step.id)?.entry == null);
  const { name } = plan.image;
  if (missing.length > 0) {
    const installs = missing.filter(step => step.sources !== null).map(step => step.id);
    session.tell({ type: 'building', image: name, steps: missing.length, installs });
    // One that is not ready yet nobody works in, and it takes a processor.
    if (session.machine?.ready === false) await endMachine(session);
    session.unbooted ||= session.machine === null;
  }
  const writes = missing.some(step => step.publishes !== null);
  // What another command built before is what the first build of a session is compared with.
  if (writes && session.held === null) session.held = await heldBefore(context, { name, tools, out: options.out });
  // Before: a build that is stopped may have written the disk already.
  if (writes) session.uncompared = session.unbooted = true;
  await buildInto(context, out, { ...options, ...telling, check: session.check });
  session.check = 'changed';
  const file = await imageFile(name, options.out).catch(nullFor);
  const names = { tools: project.image.tools, vmTools: project.image.vmTools, lock: project.lock };
  session.start =
    file === null
      ? null
      : async again =>
          startDevMachine(again, {
            ...options,
            image: file,
            name,
            names,
            folder: path.join(session.scratch, 'machine'),
            tell: session.tell,
          });
  return { file, name, tools };
}

async function heldBefore(
  context: CommandContext,
  { name, tools, out }: { name: string; tools: string; out: string },
): Promise<Held | null> {
  try {
    return await readHeld(context, { file: await imageFile(name, out), name: 'the build before', tools });
  } catch (error) {
    return nullFor(error);
  }
}

/** What is no image that can be read here: `inspect` says what is wrong with it. */
function nullFor(error: unknown): null {
  if (error instanceof UsageFault || error instanceof FormatFault) return null;
  throw error;
}

async function tellChange(context: CommandContext, session: Session, { file, name, tools }: Built): Promise<void> {
  const { held, uncompared, tell } = session;
  if (!uncompared && held !== null) return tell({ type: 'same', image: name });
  if (file === null) return tell({ type: 'unread', image: name, why: 'it was built in no format that is read here' });
  try {
    const next = await readHeld(context, { file, name: 'this one', tools });
    const change = held === null ? null : compareHeld(held, next);
    if (change?.partitions.length === 0 && change.difference.same) tell({ type: 'same', image: name });
    else if (change !== null) tell({ type: 'differs', image: name, ...change });
    session.held = { ...next, snapshot: { ...next.snapshot, name: 'the build before' } };
    session.uncompared = false;
  } catch (error) {
    nullFor(error);
    tell({ type: 'unread', image: name, why: (error as Error).message });
  }
}
