/** What differs in a release that was built again, as lines. Pure. */
import type { DifferentFile, DifferentPlace, Rebuild } from '../formats/verification.ts';
import type { Paint } from './paint.ts';
import { count, plainText } from './text.ts';

export function drawRebuild({ result, materials, compared, step, artifacts }: Rebuild, paint: Paint): string[] {
  if (result === 'identical')
    return [`${paint('green', 'ok   ')}  built again: bit-identical, ${count(compared, 'step')} compared`];
  const head =
    result === 'unsigned'
      ? `${paint('green', 'ok   ')}  built again up to the signatures, whose keys are not here: bit-identical, ${count(compared, 'step')} compared`
      : `${paint('red', 'FAULT')}  built again: not the same, ${count(compared, 'step')} compared`;
  const lines = [
    ...materials.map(each => `not as released: ${each}`),
    ...(step === null
      ? []
      : [
          `the first step that differs: ${step.id} (${step.stage})`,
          ...(step.parts.length === 0
            ? ['  by no part of its key: it did not do twice the same']
            : step.parts.map(each => `  ${each}`)),
        ]),
    ...artifacts.flatMap(({ name, released, rebuilt, places }) => [
      `${name}: released ${released.slice(0, 16)}, here ${rebuilt?.slice(0, 16) ?? 'none'}`,
      ...places.flatMap(placeLines).map(each => `  ${each}`),
    ]),
  ];
  // plainText takes the blanks before a text away.
  return [head, ...lines.map(each => `         ${/^ */.exec(each)?.[0] ?? ''}${plainText(each)}`)];
}

function placeLines({ partition, start, bytes, count: ranges, ranges: first, files }: DifferentPlace): string[] {
  const where = partition === '' ? `around the partitions, from ${start} on` : `${partition} (at ${start})`;
  return [
    `${where}: ${count(bytes, 'byte')} in ${count(ranges, 'range')}: ${rangesText(first, ranges)}`,
    ...files.map(each => `  ${fileText(each)}`),
  ];
}

function fileText({ path, change, count: ranges, ranges: first }: DifferentFile): string {
  switch (change) {
    case 'added':
      return `${path}: only in what is built here`;
    case 'removed':
      return `${path}: only in the release`;
    case 'attributes':
      return `${path}: another type, mode, owner or target`;
    case 'content':
      return `${path}: bytes ${rangesText(first, ranges)}`;
  }
}

function rangesText(first: readonly { start: number; end: number }[], all: number): string {
  const more = all > first.length ? `, and ${all - first.length} more` : '';
  return `${first.map(({ start, end }) => `[${start}, ${end})`).join(', ')}${more}`;
}
