/** Does a machine start from what a cut left, and what? */
import { partitionLabel } from '../formats/inspection.ts';
import { selectorStart, type SelectorStart } from '../tamper/selector-start.ts';
import type { SelectorContent } from './selector-content.ts';
import type { Payload, SlotContent } from './slot-content.ts';
import { slotOf, type CutSlot, type CutSubject, type Selector } from './subject.ts';

export interface CutJudgement {
  /** Which of the two versions starts, whole; null when none does. */
  version: 'old' | 'new' | null;
  /** Empty when all is well. */
  faults: string[];
}

export interface Versions {
  /** Of the slot that ran when the update began; the other one gets the new version. */
  active: string;
  old: Pick<SlotContent, 'boot' | 'root'>;
  new: Pick<SlotContent, 'boot' | 'root'>;
  /** Digests of the selectors that there were before the update, and that are there after it. */
  selectors: readonly string[];
}

/** Reads parts of the disk that is judged. */
export interface DiskContents {
  slot(slot: CutSlot): Promise<SlotContent | string>;
  selector(selector: Selector): Promise<SelectorContent | null>;
}

/**
 * Firmware takes the first selector whose partition it can read: that one must be whole. The slot that the state names
 * first must be whole too: that the selector would pass over a broken one, or the kernel fall back from it, does not
 * count.
 */
export async function judgeStart(
  contents: DiskContents,
  { subject, versions }: { subject: CutSubject; versions: Versions },
): Promise<CutJudgement> {
  const bad = (fault: string): CutJudgement => ({ version: null, faults: [fault] });
  const read = await readSelectors(contents, subject);
  const first = read.find(({ content }) => content !== null);
  if (first?.content == null) return bad('firmware finds no selector');
  if (!versions.selectors.includes(first.content.sha256))
    return bad(`the selector on ${partitionLabel(first.partition)} is neither the old nor the new one`);
  const { slot: name, copy } = startBy(read, subject);
  if (copy === null) return bad('no copy of the selector’s state can be read');
  const found = await contents.slot(slotOf(subject, name));
  if (typeof found === 'string') return bad(`the selector would start a slot that is not whole: ${found}`);
  const version = name === versions.active ? 'old' : 'new';
  const wrong = (['boot', 'root'] as const).filter(part => !same(found[part], versions[version][part]));
  return wrong.length === 0
    ? { version, faults: [] }
    : bad(`slot ${name} would start, and its ${wrong.join(' and ')} partition is not the ${version} version’s`);
}

/** By the state alone: every slot counts as filled. */
export async function startOf(contents: Pick<DiskContents, 'selector'>, subject: CutSubject): Promise<SelectorStart> {
  return startBy(await readSelectors(contents, subject), subject);
}

interface ReadSelector extends Selector {
  content: SelectorContent | null;
}

async function readSelectors(
  { selector }: Pick<DiskContents, 'selector'>,
  { selectors }: CutSubject,
): Promise<ReadSelector[]> {
  return Promise.all(selectors.map(async each => ({ ...each, content: await selector(each) })));
}

function startBy(read: readonly ReadSelector[], { slots }: CutSubject): SelectorStart {
  const names = slots.map(({ name }) => name);
  const blocks = read.map(({ content }) => content?.state ?? null);
  return selectorStart(blocks, { slots: names, filled: names, switchable: false });
}

function same(a: Payload, b: Payload): boolean {
  return a.bytes === b.bytes && a.sha256 === b.sha256;
}
