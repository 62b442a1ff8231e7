/** Questions that stages ask of the layout, with the user's fault as the answer where there is no other. */
import { formatSize, type Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import type { Layout, Partition } from '../config/types.ts';
import { OptionFault } from './stage.ts';

/** The first partition with this content that has a file system; slot A's, when there are two. */
export function partitionOf(layout: Layout, content: string): Partition {
  const contents = [...new Set(layout.partitions.map(each => each.content))];
  const found = layout.partitions.find(each => each.content === content);
  if (found === undefined)
    throw new OptionFault(
      'content',
      `layout "${layout.name}" has no partition with content "${content}"`,
      `its contents: ${contents.join(', ')}`,
    );
  if (found.filesystem === 'none')
    throw new OptionFault(
      'content',
      `partition ${found.name} has no file system in layout "${layout.name}"`,
      'give it `filesystem:` there, or leave this step out',
    );
  return found;
}

/** What init and fstab read is split at blanks and expanded by a shell: only words that survive that are let through. */
export function plainWords(option: string, what: string, words: readonly string[]): void {
  const odd = words.find(word => !/^[\w./@%+=:-]*$/.test(word));
  if (odd !== undefined)
    throw new OptionFault(
      option,
      `${what} "${odd}" cannot stand in the boot configuration`,
      'use letters, digits and . _ - + = : @ % / only',
    );
}

/** Names of partitions that init and udev make names in /dev/caisson of: udev(7) keeps these characters as they are. */
export function deviceNames(option: string, partitions: readonly Pick<Partition, 'name'>[]): void {
  const odd = partitions.find(({ name }) => !/^[\w.@+=:-]+$/.test(name) || /^\.{1,2}$/.test(name));
  if (odd !== undefined)
    throw new OptionFault(
      option,
      `the partition name "${odd.name}" cannot be the name of a device`,
      'of a partition that is mounted use letters, digits and . _ - + = : @ only',
    );
}

/** Throws when something that was made does not fit its partition; both sizes are in the message. `hint`: a better way out. */
export function mustFit(what: string, bytes: Bytes, partition: { name: string; size: Bytes; hint?: string }): void {
  if (bytes <= partition.size) return;
  throw new FormatFault(
    `${what} takes ${formatSize(bytes)}, but ${partition.name} has ${formatSize(partition.size)}: ${formatSize(bytes - partition.size)} too much`,
    partition.hint ?? 'give the partition more room in the layout, or take packages or files away',
  );
}

/** Throws when what was made leaves less of its partition than the layout reserves. */
export function mustLeave(what: string, used: Bytes, partition: { name: string; size: Bytes; reserve: Bytes }): void {
  const { name, size, reserve } = partition;
  const left = size - used;
  if (left >= reserve) return;
  throw new FormatFault(
    `${what} leaves ${formatSize(left)} of ${name}, and ${formatSize(reserve)} are reserved for updates to come: ${formatSize(reserve - left)} too little`,
    'take packages or files away, give the partition more room in the layout, or lower its `reserve` there',
  );
}
