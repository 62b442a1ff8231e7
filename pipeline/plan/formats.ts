/** `--format` and `--compress`: which files a build leaves, whatever the definition declares. Pure. */
import type { Image, Step } from '../config/types.ts';

export const COMPRESSIONS = ['none', 'zst'] as const;

export interface Wanted {
  /** Formats of containers; none for those that are declared. */
  formats: readonly string[];
  /** `zst`: each container as FILE.zst too. `none`: those that the definition compresses, and no others. */
  compress: (typeof COMPRESSIONS)[number];
}

/**
 * The image with container steps for `formats`, and steps that compress them. A declared one keeps its options; a new
 * one is wired like the first that is declared. One that is not asked for stays when another step reads it; what only
 * compresses it goes with it. Null when the definition has no container step to go by.
 */
export function withFormats(image: Image, { formats, compress }: Wanted): Image | null {
  if (formats.length === 0 && compress === 'none') return image;
  const model = image.stages.find(isContainer);
  if (model === undefined) return null;
  const stages = formats.length === 0 ? image.stages : withContainers(image.stages, { formats, model });
  return { ...image, stages: compress === 'none' ? stages : withCompressed(stages) };
}

function isContainer(step: Step): boolean {
  return step.stage === 'container';
}

function withContainers(
  stages: readonly Step[],
  { formats, model }: { formats: readonly string[]; model: Step },
): Step[] {
  const read = new Set(stages.flatMap(step => (step.stage === 'compress' ? [] : Object.values(step.inputs))));
  const unwanted = stages.filter(
    step => isContainer(step) && !read.has(step.id) && !formats.includes(String(step.options.format)),
  );
  const gone = new Set(unwanted.map(step => step.id));
  const kept = stages.filter(step => !gone.has(step.id) && !(step.stage === 'compress' && readsOneOf(step, gone)));
  const declared = new Set(stages.filter(isContainer).map(step => step.options.format));
  return formats
    .filter(format => !declared.has(format))
    .reduce(
      (all, format) => [...all, { ...model, id: freeId(all, [format, `${format}-file`]), options: { format } }],
      kept,
    );
}

function withCompressed(stages: readonly Step[]): Step[] {
  const done = stages.filter(step => step.stage === 'compress');
  return stages
    .filter(step => isContainer(step) && !done.some(each => readsOneOf(each, new Set([step.id]))))
    .reduce<Step[]>(
      (all, { id }) => [
        ...all,
        { id: freeId(all, [`${id}-zst`, `${id}-zst-file`]), stage: 'compress', inputs: { file: id }, options: {} },
      ],
      [...stages],
    );
}

function readsOneOf(step: Step, ids: ReadonlySet<string>): boolean {
  return Object.values(step.inputs).some(id => ids.has(id));
}

/** The first name that no step has; the last one with a number when all are taken. */
export function freeId(stages: readonly Step[], names: readonly [string, ...string[]]): string {
  const taken = new Set(stages.map(step => step.id));
  const free = names.find(name => !taken.has(name));
  if (free !== undefined) return free;
  let number = 2;
  while (taken.has(`${names.at(-1)}-${number}`)) number += 1;
  return `${names.at(-1)}-${number}`;
}
