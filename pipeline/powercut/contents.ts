/** Slots and selectors of many disks of one image and log: what has the same bytes is read once. */
import type { ReadAt } from '../formats/read-at.ts';
import type { DiskContents } from './judge.ts';
import { readSelector } from './selector-content.ts';
import { readSlot } from './slot-content.ts';
import { contentName, writtenDisk, type Pieces } from './written-disk.ts';

/** A slot has hundreds of MiB, and most cuts leave one as another cut does. */
export function contentsOf(disk: { base: ReadAt; log: ReadAt }): (pieces: Pieces) => DiskContents {
  const slots = new Map<string, ReturnType<typeof readSlot>>();
  const selectors = new Map<string, ReturnType<typeof readSelector>>();
  return pieces => {
    const read = writtenDisk(pieces, disk);
    return {
      slot: async slot =>
        once(slots, [slot.name, contentName(pieces, slot.boot), contentName(pieces, slot.root)], async () =>
          readSlot(read, slot),
        ),
      selector: async ({ partition }) =>
        once(selectors, [String(partition.number), contentName(pieces, partition)], async () =>
          readSelector(read, partition),
        ),
    };
  };
}

async function once<T>(known: Map<string, Promise<T>>, names: readonly string[], read: () => Promise<T>): Promise<T> {
  const name = names.join('\n');
  const found = known.get(name) ?? read();
  known.set(name, found);
  return found;
}
