/** Cuts the power of a machine at moments of an update, on paper: from a log of what it wrote. */
import path from 'node:path';
import { inspectImage } from '../../../disk/inspect.ts';
import { withImage, type DiskImage } from '../../../disk/read.ts';
import { timed } from '../../../engine/timed.ts';
import { FormatFault } from '../../../formats/fault.ts';
import { partitionLabel } from '../../../formats/inspection.ts';
import type { Powercuts } from '../../../formats/powercut.ts';
import type { ReadAt } from '../../../formats/read-at.ts';
import { readWriteLog, type LogEntry } from '../../../formats/write-log.ts';
import { runCuts } from '../../../powercut/campaign.ts';
import { contentsOf } from '../../../powercut/contents.ts';
import { startOf, type DiskContents, type Versions } from '../../../powercut/judge.ts';
import { payload, type Payload, type SlotContent } from '../../../powercut/slot-content.ts';
import { stateAfter } from '../../../powercut/states.ts';
import { findStrays } from '../../../powercut/strays.ts';
import { readCutSubject, slotOf, type CutSlot, type CutSubject } from '../../../powercut/subject.ts';
import { seededNumbers } from '../../../tamper/random.ts';
import type { CommandContext } from '../../context.ts';
import { cutDisk } from './cut-disk.ts';
import { cutChecks, type KeptFile } from './cut-fsck.ts';
import { withFile } from '../../read-file.ts';

export interface CutCampaignOptions {
  /** Host path of the disk that the machine was started from: of a machine whose disk was neither grown nor damaged. */
  image: string;
  /** Host path of the log of all its writes, and the entries of the update; see recordWrites. */
  log: string;
  from: number;
  to: number;
  /** How many cuts at least, and the seed that chooses them. */
  count: number;
  seed: number;
  /** Does the update bring a selector? */
  selector: 'kept' | 'updated';
  /** What the update was to put into the other slot, as its bundle says; null: whatever is there at its end and would start. */
  expected: { boot: Payload; root: Payload } | null;
  kept: readonly KeptFile[];
  /** Host path of the tools tree, and a host folder for copies of file systems. */
  tools: string;
  scratch: string;
}

/** Throws FormatFault for a log or disk that is damaged, and for one on which nothing was updated. */
export async function cutCampaign(context: CommandContext, options: CutCampaignOptions): Promise<Powercuts> {
  const start = performance.now();
  const result = await withImage(options.image, async image =>
    withFile(options.log, async (log, size) => {
      const { entries } = await readWriteLog(log, size);
      const { from, to } = options;
      if (from < 0 || from >= to || to > entries.length)
        throw new FormatFault(`entries [${from}, ${to}) of a log that has ${entries.length}`, 'record it again');
      return runAll(context, { ...options, disk: image, log, entries });
    }),
  );
  return { ...result, seconds: Math.round((performance.now() - start) / 100) / 10 };
}

interface Running extends Omit<CutCampaignOptions, 'log'> {
  disk: DiskImage;
  log: ReadAt;
  entries: readonly LogEntry[];
}

async function runAll(context: CommandContext, options: Running): Promise<Omit<Powercuts, 'seconds'>> {
  const { environment, signal, emit } = context;
  const { disk, log, entries, from, to, seed } = options;
  const contents = contentsOf({ base: disk.read, log });
  const [first, last] = [stateAfter(entries, from), stateAfter(entries, to)];
  const before = cutDisk(disk, { pieces: first, log });
  const { partitions } = await inspectImage(before, 'not asked for');
  const subject = await readCutSubject(before.read, partitions);
  const versions = await versionsOf(subject, { before: contents(first), after: contents(last) });
  const after = cutDisk(disk, { pieces: last, log });
  if (options.expected !== null) await mustHave(after.read, slotOf(subject, versions.updated), options.expected);
  const updating = entries.map((entry, index) => ({ entry, index })).slice(from, to);
  const { active } = versions;
  const strays = await findStrays(updating, { ...options, subject, active, before: before.read });
  const { filesystems } = subject;
  const checks = cutChecks({ ...options, image: disk, filesystems, environment, signal });
  const summary = `power cuts while slot ${active} updates the other`;
  const { kinds, failures } = await timed({ id: 'power cuts', summary }, { emit, signal }, async () => {
    const value = await runCuts({
      ...options,
      subject,
      versions,
      random: seededNumbers(seed, 'power cuts'),
      signal,
      contents,
      check: checks.check,
      onCut: (done, all) =>
        emit({ type: 'progress', id: 'power cuts', fraction: done / all, detail: `${done} of ${all}` }),
    });
    return { value, detail: `${value.kinds.reduce((sum, { cuts }) => sum + cuts, 0)} cuts` };
  });
  const written = updating.flatMap(({ entry }) => (entry.kind === 'write' ? [entry.end - entry.start] : []));
  return {
    format: 1,
    image: path.basename(options.image),
    active,
    selector: options.selector,
    seed,
    from,
    to,
    writes: written.filter(bytes => bytes > 0).length,
    bytes: written.reduce((sum, bytes) => sum + bytes, 0),
    flushes: updating.filter(({ entry }) => entry.flush).length,
    passed: failures.length + strays.length === 0,
    kinds,
    checks: checks.results(),
    strays,
    failures,
  };
}

/** Of the slot that runs when the update begins, and of the other one when it is over. */
async function versionsOf(
  subject: CutSubject,
  { before, after }: { before: DiskContents; after: DiskContents },
): Promise<Versions & { updated: string }> {
  const { slot } = await startOf(before, subject);
  const running = slotOf(subject, slot);
  const other = subject.slots.find(each => each !== running);
  if (other === undefined) throw new FormatFault('there is no other slot to update', '');
  const selectors = await Promise.all(
    [before, after].flatMap(contents => subject.selectors.map(async each => contents.selector(each))),
  );
  return {
    active: running.name,
    updated: other.name,
    old: whole(await before.slot(running), 'before the update'),
    new: whole(await after.slot(other), 'after the update'),
    selectors: selectors.flatMap(each => (each === null ? [] : [each.sha256])),
  };
}

/** Throws FormatFault where the first bytes of a partition are others. */
async function mustHave(read: ReadAt, slot: CutSlot, expected: { boot: Payload; root: Payload }): Promise<void> {
  for (const part of ['boot', 'root'] as const) {
    const found = await payload(read, slot[part], expected[part].bytes);
    if (found.sha256 !== expected[part].sha256)
      throw new FormatFault(
        `after the update, ${partitionLabel(slot[part])} begins with ${found.sha256}, not with ${expected[part].sha256}`,
        'give the digests of the bundle that was installed',
      );
  }
}

function whole(content: SlotContent | string, when: string): SlotContent {
  if (typeof content !== 'string') return content;
  throw new FormatFault(`${when}, ${content}`, 'let the update come to its end before the log does');
}
