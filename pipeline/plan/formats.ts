/** `--format`: which containers a build makes, whatever the definition declares. Pure. */
import type { Image, Step } from '../config/types.ts';

/**
 * The image with container steps for `formats` (none: as declared). A declared one keeps its options; a new one is
 * wired like the first that is declared. One that is not asked for stays when another step reads it. Null when the
 * definition has no container step to go by.
 */
export function withFormats(image: Image, formats: readonly string[]): Image | null {
  if (formats.length === 0) return image;
  const declared = image.stages.filter(step => step.stage === 'container');
  const [model] = declared;
  if (model === undefined) return null;
  const read = new Set(image.stages.flatMap(step => Object.values(step.inputs)));
  const kept = image.stages.filter(
    step => step.stage !== 'container' || read.has(step.id) || formats.includes(String(step.options.format)),
  );
  const missing = formats.filter(format => !declared.some(step => step.options.format === format));
  const taken = new Set(kept.map(step => step.id));
  const added = missing.map((format): Step => {
    const id = [format, `${format}-file`].find(each => !taken.has(each)) ?? `${format}-container`;
    return { ...model, id, options: { format } };
  });
  return { ...image, stages: [...kept, ...added] };
}
