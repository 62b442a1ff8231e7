/** `--bundle`: an update of the image's slot, whatever the definition declares. Pure. */
import type { Image, Layout, Step } from '../config/types.ts';
import { slotContents } from '../config/slots.ts';
import { contentNamed } from './contents.ts';
import { freeId } from './formats.ts';

/** Why an image has no bundle, and the way out. */
export interface NoBundle {
  message: string;
  hint: string;
}

/**
 * The image with a step that makes its bundle; as it is when it has one. What goes into it is what the disk puts into
 * the slots, and the selector, when `updates` says so.
 */
export function withBundle(image: Image, layout: Layout): Image | NoBundle {
  const { updates, stages } = image;
  if (updates === null || updates.signing === null)
    return {
      message: `${image.name} ${updates === null ? 'takes no updates' : 'names no key that signs updates'}`,
      hint:
        updates === null
          ? 'add `updates: { keyring: FILE, signing: { key: FILE, certificate: FILE } }`; `caisson keys new` makes them'
          : 'add `signing: { key: FILE, certificate: FILE }` to `updates:`',
    };
  if (stages.some(step => step.stage === 'bundle')) return image;
  const disk = stages.find(step => step.stage === 'disk');
  if (disk === undefined)
    return { message: `${image.name} has no disk, whose slots a bundle could be for`, hint: 'add a `stage: disk`' };
  const selector = contentNamed(stages, 'selector', 'state');
  const contents = slotContents(layout.partitions, selector).filter(each => Object.hasOwn(disk.inputs, each));
  if (contents.length === 0)
    return {
      message: `nothing of ${image.name} stands in both slots: layout "${layout.name}" has no partition for either that is filled`,
      hint: 'name two partitions of the same `content`, one with `slot: A` and one with `slot: B`',
    };
  const root = contentNamed(stages, 'initrd', 'root');
  const ordered = contents.toSorted((a, b) => Number(b === root) - Number(a === root));
  const withSelector = updates.selector === 'on' && selector !== null && Object.hasOwn(disk.inputs, selector);
  const all = withSelector ? [...ordered, selector] : ordered;
  const step: Step = {
    id: freeId(stages, ['bundle', 'bundle-file']),
    stage: 'bundle',
    inputs: Object.fromEntries(all.map(each => [each, disk.inputs[each] ?? ''])),
    options: { contents: ordered, ...(withSelector ? { selector } : {}) },
  };
  return { ...image, stages: [...stages, step] };
}
