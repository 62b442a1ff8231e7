/** The difference of two images, by xdelta3(1), a segment at a time. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { WORK } from '../../engine/tool-runner.ts';
import { DELTA_BLOCK, deltaSegments } from '../../formats/delta-segments.ts';
import { readFully, type ReadAt } from '../../formats/read-at.ts';
import type { BuildContext } from '../../stages/stage.ts';
import { encodeSlotDelta, type Digested, type SlotDelta } from '../../formats/slot-delta.ts';
import { withFile } from '../read-file.ts';

export interface DeltaContext extends Pick<BuildContext, 'run' | 'signal' | 'progress'> {
  /** Host path of the folder for the files. */
  target: string;
  /** Host path of the scratch folder of `run`. */
  work: string;
}

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
  const files = ['base.part', 'result.part', 'delta.part'].map(each => `${WORK}/${each}`);
  const compare = async (old: ReadAt, young: ReadAt): Promise<void> => {
    let done = 0;
    for (const segment of plan) {
      signal.throwIfAborted();
      const place = { offset: segment.base.at, length: segment.base.bytes };
      await writeFile(at('base.part'), await readFully(old, 'the base', place));
      await writeFile(at('result.part'), await readFully(young, 'the result', { offset: done, length: segment.bytes }));
      await run('xdelta3', [...ARGS, '-s', ...files]);
      const delta = await readFile(at('delta.part'));
      await appendFile(at('deltas'), delta);
      segments.push({ ...segment, delta: delta.length });
      done += segment.bytes;
      progress(done / result.bytes, 'compared');
    }
  };
  await withFile(base.path, async old => withFile(result.path, async young => compare(old, young)));
  await writeFile(target, encodeSlotDelta({ base, result, segments }));
  await pipeline(createReadStream(at('deltas')), createWriteStream(target, { flags: 'a' }), { signal });
  await rm(at('deltas'));
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
