/** prove.json and prove.html, tamper.json or powercut.json: where they go, and how they get there. */
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { digestFile } from '../../engine/digest.ts';
import { replaceFile } from '../../engine/files.ts';
import type { Powercuts } from '../../formats/powercut.ts';
import type { Proof } from '../../formats/proof.ts';
import type { Tampering } from '../../formats/tampering.ts';
import type { Emit } from '../../report/events.ts';
import { proofHtml } from '../../report/proof-html.ts';
import { UsageFault } from '../context.ts';

/** Names the two files without their endings: IMAGE.prove beside the image, or in `folder`. Throws UsageFault when nothing can be written there. */
export async function reportPlace(image: string, folder: string | null): Promise<string> {
  const place = path.resolve(folder ?? path.dirname(image));
  if ((await stat(place).catch(() => null))?.isDirectory() !== true)
    throw new UsageFault(`${place} is no folder`, 'make it first, or name another by --report');
  const writable = await access(place, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) throw new UsageFault(`nothing can be written into ${place}`, 'name another folder by --report');
  return path.join(place, `${path.basename(image).replace(/\.[^.]+$/, '')}.prove`);
}

/** Each is absent, the old one, or complete. */
export async function writeReports(proof: Proof, { place, emit }: { place: string; emit: Emit }): Promise<void> {
  const texts = [
    [`${place}.json`, `${JSON.stringify(proof, null, 2)}\n`],
    [`${place}.html`, proofHtml(proof)],
  ] as const;
  for (const [file, text] of texts) await publish(file, text, emit);
}

/** PLACE without `.prove`, and `.tamper.json`. */
export async function writeTampering(
  tampering: Tampering,
  { place, emit }: { place: string; emit: Emit },
): Promise<void> {
  await publish(`${place.replace(/\.prove$/, '')}.tamper.json`, `${JSON.stringify(tampering, null, 2)}\n`, emit);
}

/** PLACE without `.prove`, and `.powercut.json`. */
export async function writePowercuts(
  powercuts: Powercuts,
  { place, emit }: { place: string; emit: Emit },
): Promise<void> {
  await publish(`${place.replace(/\.prove$/, '')}.powercut.json`, `${JSON.stringify(powercuts, null, 2)}\n`, emit);
}

async function publish(file: string, text: string, emit: Emit): Promise<void> {
  await replaceFile(file, text);
  emit({ type: 'published', path: file, ...(await digestFile(file, new AbortController().signal)) });
}
