/** `--format`: which containers a build makes, whatever the definition declares. Pure. */
import type { Image, Step } from '../config/types.ts';

/**
 * The image with container steps for exactly `formats` (none: as declared). A declared one keeps its options; a new
 * one is wired like the first that is declared.
 */
export function withFormats(image: Image, formats: readonly string[]): Image {
  const declared = image.stages.filter(step => step.stage === 'container');
  const [model] = declared;
  if (formats.length === 0 || model === undefined) return image;
  const containers = formats.map(
    (format): Step =>
      declared.find(step => step.options.format === format) ?? { ...model, id: format, options: { format } },
  );
  return { ...image, stages: [...image.stages.filter(step => step.stage !== 'container'), ...containers] };
}
