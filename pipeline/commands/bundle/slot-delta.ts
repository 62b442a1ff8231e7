/** The difference of two images, by xdelta3(1), a segment at a time. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, open, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { WORK } from '../../engine/tool-runner.ts';
import type { Bytes } from '../../formats/bytes.ts';
import { DELTA_BLOCK, deltaSegments } from '../../formats/delta-segments.ts';
import { encodeSlotDelta, type Digested, type SlotDelta } from '../../formats/slot-delta.ts';
import type { DeltaContext } from './delta-payload.ts';

interface ImageFile extends Digested {
  /** Host path. */
  path: string;
}

/** As long as any part of the base, so that all of it is looked at; and what of the result is looked at at once. */
const ARGS = ['-e', '-f', '-9', '-S', 'lzma', '-A', '-B', '16777216', '-W', '8388608'];

/** Writes the file `target`, as formats/slot-delta.ts tells. Throws ProcessFailure. */
export async function slotDelta(
  { base, result }: { base: ImageFile; result: ImageFile },
  target: string,
  { work, run, signal, progress }: Pick<DeltaContext, 'work' | 'run' | 'signal' | 'progress'>,
): Promise<void> {
  const at = (name: string): string => path.join(work, name);
  const blocks = async (file: string): Promise<string[]> => blockDigests(file, signal);
  const plan = deltaSegments(
    { blocks: await blocks(base.path), bytes: base.bytes },
    { blocks: await blocks(result.path), bytes: result.bytes },
  );
  const segments: SlotDelta['segments'][number][] = [];
  const [old, young] = [await open(base.path, 'r'), await open(result.path, 'r')];
  try {
    let done = 0;
    for (const segment of plan) {
      signal.throwIfAborted();
      await writeFile(at('base.part'), await bytesAt(old, segment.base.at, segment.base.bytes));
      await writeFile(at('result.part'), await bytesAt(young, done, segment.bytes));
      await run('xdelta3', [
        ...ARGS,
        '-s',
        ...['base.part', 'result.part', 'delta.part'].map(each => `${WORK}/${each}`),
      ]);
      const delta = await readFile(at('delta.part'));
      await appendFile(at('deltas'), delta);
      segments.push({ ...segment, delta: delta.length });
      done += segment.bytes;
      progress(done / result.bytes, 'compared');
    }
  } finally {
    await old.close();
    await young.close();
  }
  await writeFile(target, encodeSlotDelta({ base, result, segments }));
  await pipeline(createReadStream(at('deltas')), createWriteStream(target, { flags: 'a' }), { signal });
  await rm(at('deltas'));
}

async function bytesAt(file: FileHandle, offset: Bytes, length: Bytes): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  if (bytesRead !== length) throw new Error(`an image ended at ${offset + bytesRead}`);
  return buffer;
}

async function blockDigests(file: string, signal: AbortSignal): Promise<string[]> {
  const digests: string[] = [];
  for await (const piece of createReadStream(file, { signal, highWaterMark: 256 * DELTA_BLOCK }))
    for (let at = 0; at < (piece as Buffer).length; at += DELTA_BLOCK)
      digests.push(
        createHash('sha256')
          .update((piece as Buffer).subarray(at, at + DELTA_BLOCK))
          .digest('base64'),
      );
  return digests;
}
