/** Repeats trials with independent programs: each on a copy of the bytes that it needs, with the bit really flipped. */
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { copyPartition } from '../../../disk/copy-partition.ts';
import type { DiskImage } from '../../../disk/read.ts';
import type { Bytes } from '../../../formats/bytes.ts';
import { placeInCopy, type Check, type CheckCopy, type ToolVerdict } from '../../../tamper/check.ts';
import type { Flip } from '../../../tamper/trial.ts';
import { askTool, WORK, type ToolsOptions } from '../ask-tool.ts';

/** Answers what a check's program says of a flipped bit. Copies are made when first needed, and kept for the next. */
export function checkRunner(
  image: DiskImage,
  options: ToolsOptions,
): (check: Check, flip: Flip) => Promise<ToolVerdict> {
  const made = new Map<string, Promise<string>>();
  return async (check, flip) => {
    const { copy, files } = check;
    const making = made.get(copy.name) ?? makeCopy(image, copy, options);
    made.set(copy.name, making);
    const file = await making;
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(options.scratch, name), text);
    const place = placeInCopy(copy, flip.offset);
    if (place === null) throw new Error(`byte ${flip.offset} of the disk is not in the copy ${copy.name}`);
    await flipInFile(file, place, flip.bit);
    try {
      return await ask(check, options);
    } finally {
      await flipInFile(file, place, flip.bit);
    }
  };
}

async function ask({ copy, argv, verdict }: Check, options: ToolsOptions): Promise<ToolVerdict> {
  const filled = argv.map(each => each.replaceAll('COPY', `${WORK}/${copy.name}`).replaceAll('FOLDER', WORK));
  const { exitCode, stdout, stderr } = await askTool(filled, options, { MTOOLS_SKIP_CHECK: '1' });
  return verdict(exitCode, `${stdout}${stderr}`);
}

/** One piece that begins at 0 may be a partition of gigabytes with holes; others are short. */
async function makeCopy(image: DiskImage, { name, length, pieces }: CheckCopy, options: ToolsOptions): Promise<string> {
  const { scratch, signal } = options;
  const target = path.join(scratch, name);
  const [first] = pieces;
  if (pieces.length === 1 && first?.at === 0) {
    await copyPartition(image, first, { target, signal, onProgress: () => undefined });
    return target;
  }
  const file = await open(target, 'w');
  try {
    await file.truncate(length);
    for (const { start, end, at } of pieces) await writePiece(file, await image.read(start, end - start), at);
  } finally {
    await file.close();
  }
  return target;
}

async function writePiece(file: FileHandle, bytes: Uint8Array, at: Bytes): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}

async function flipInFile(target: string, place: Bytes, bit: number): Promise<void> {
  const file = await open(target, 'r+');
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, place);
    await writePiece(file, Uint8Array.of((buffer[0] ?? 0) ^ (1 << bit)), place);
  } finally {
    await file.close();
  }
}
