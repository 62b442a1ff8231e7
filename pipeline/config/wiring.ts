/** Steps and their inputs: names, and no circles. Rules only report; they read half-wrong documents too. */
import { fault } from './document.ts';
import type { Document } from './document.ts';
import { duplicateFaults } from './duplicates.ts';
import { suggest } from './nearest.ts';
import { listAt, mappingAt, valueAt, valueText } from './paths.ts';
import type { Path } from './paths.ts';
import type { Diagnostic } from './types.ts';

/** Duplicate ids, inputs from steps that are not there, and cycles. */
export function wiringFaults(document: Document): Diagnostic[] {
  return [
    ...duplicateFaults(document, ['stages'], { key: ['id'], noun: 'step' }),
    ...unknownSteps(document),
    ...cycles(document),
  ];
}

interface Wire {
  /** Id of the step that reads. */
  reader: string;
  /** Id of the step that makes. */
  maker: string;
  path: Path;
}

function wiresOf(document: Document): Wire[] {
  return listAt(document.value, ['stages']).flatMap((step, index) =>
    Object.entries(mappingAt(step, ['inputs'])).flatMap(([input, maker]) => {
      if (typeof maker !== 'string') return [];
      return { reader: valueText(valueAt(step, ['id'])), maker, path: ['stages', index, 'inputs', input] };
    }),
  );
}

function idsOf(document: Document): string[] {
  const ids = listAt(document.value, ['stages']).map(step => valueAt(step, ['id']));
  return ids.filter(id => typeof id === 'string');
}

function unknownSteps(document: Document): Diagnostic[] {
  const ids = idsOf(document);
  return wiresOf(document)
    .filter(({ maker }) => !ids.includes(maker))
    .map(({ reader, maker, path }) => {
      const others = ids.filter(id => id !== reader);
      return fault(document, path, `no step has the id "${maker}"`, suggest(maker, others));
    });
}

/** Each cycle once, at the wire that closes it, in the order of the file. */
function cycles(document: Document): Diagnostic[] {
  const wires = wiresOf(document);
  const done = new Set<string>();
  const faults: Diagnostic[] = [];
  const visit = (id: string, trail: readonly string[]): void => {
    for (const { maker, path } of wires.filter(({ reader }) => reader === id)) {
      const start = trail.indexOf(maker);
      if (start >= 0) {
        const circle = [...trail.slice(start), maker].join(' -> ');
        faults.push(
          fault(document, path, `steps wait for each other: ${circle}`, 'each reads what the next one makes'),
        );
      } else if (!done.has(maker)) {
        visit(maker, [...trail, maker]);
      }
    }
    done.add(id);
  };
  for (const id of idsOf(document)) if (!done.has(id)) visit(id, [id]);
  return faults;
}
