// What bench-curve.mjs measured, as text. Pure.
import { mib, table } from './figures.mjs';

/** Keeps the highest of each step: `memory`: step -> { node, largest }. */
export function noteSample(memory, step, { node, programs }) {
  const before = memory.get(step) ?? { node: 0, largest: { name: 'none', bytes: 0 } };
  const largest = [before.largest, ...programs].reduce((most, each) => (each.bytes > most.bytes ? each : most));
  memory.set(step, { node: Math.max(before.node, node), largest });
}

/** Rows: steps that depend on the size of the root; columns: of each root seconds, and MiB of Node and of the largest program. */
export function curveSection({ host, runs }) {
  const ids = [...new Set(runs.flatMap(run => run.steps.map(each => each.id)))];
  const cells = ({ steps }, id) => {
    const step = steps.find(each => each.id === id);
    if (step === undefined) return ['', ''];
    const { seconds, node = 0, largest = { name: 'none', bytes: 0 } } = step;
    const memory =
      node === 0 ? '' : `${mib(node)}, ${largest.name === 'none' ? '-' : `${mib(largest.bytes)} ${largest.name}`}`;
    return [seconds.toFixed(2), memory];
  };
  const titles = runs.flatMap(run => [
    `root of ${(run.rootBytes / 1e6).toFixed(0)} MB, s`,
    'Node, largest program, MiB',
  ]);
  return `${host}; one step at a time (\`--jobs 1\`). Memory is RSS, sampled ten times a second; a step without is faster than that.\n\n${table(
    ['step', ...titles],
    [
      ...ids.map(id => [id, ...runs.flatMap(run => cells(run, id))]),
      ['the whole command', ...runs.flatMap(run => [run.seconds.toFixed(1), ''])],
    ],
  )}`;
}
