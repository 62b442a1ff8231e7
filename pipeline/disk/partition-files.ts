/** Where readers of a disk find the interface; engine and report, which may not import disk/, take it from formats/. */
export type { FileEntry, PartitionFiles } from '../formats/partition-files.ts';
