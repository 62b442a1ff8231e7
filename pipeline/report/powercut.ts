/** What a campaign of power cuts found, as a table for the terminal. Pure. */
import type { CutFailure, CutKindResult, Powercuts } from '../formats/powercut.ts';
import { roundSize } from '../formats/bytes.ts';
import { painter } from './paint.ts';
import type { DrawOptions } from './proof.ts';
import { drawTable } from './table.ts';
import { count, formatSeconds, plainText, wrapText } from './text.ts';

const WITHOUT_TERMINAL = 140;

/** A line for each kind of cut and each file system, what went wrong, and one line that says it all. */
export function drawPowercuts(powercuts: Powercuts, { width, color }: DrawOptions): string {
  const paint = painter(color);
  const room = width ?? WITHOUT_TERMINAL;
  const { kinds, checks, strays, failures, passed } = powercuts;
  const wrapped = (text: string): string[] => wrapText(plainText(text), room);
  const columns = [
    { title: 'the power goes', align: 'left' as const },
    ...['cuts', 'old starts', 'new starts', 'failed'].map(title => ({ title, align: 'right' as const })),
  ];
  return [
    drawTable(columns, kinds.map(rowOf), { width, color }),
    '',
    ...checks
      .map(
        ({ partition, states, corrected, failed }) =>
          `${partition}: ${count(states, 'different state')} checked, ${corrected} corrected by more than the journal, ${failed} not sound afterwards`,
      )
      .flatMap(wrapped),
    ...[...strays.map(stray => `STRAY: ${stray}`), ...failures.map(failureText)]
      .flatMap(wrapped)
      .map(line => paint('red', line)),
    ...wrapped(lastLine(powercuts)).map(line => paint(passed ? 'green' : 'red', line)),
  ].join('\n');
}

const MEANINGS: Readonly<Record<CutKindResult['kind'], string>> = {
  clean: 'between two writes',
  torn: 'within a write',
  lossy: 'and the cache is lost',
};

function rowOf({ kind, cuts, old, new: fresh, failed }: CutKindResult): string[] {
  return [MEANINGS[kind], ...[cuts, old, fresh, failed].map(String)];
}

function failureText({ kind, cut, faults }: CutFailure): string {
  return `FAILED: ${kind}, ${cut}: ${faults.join('; ')}`;
}

function lastLine({
  image,
  active,
  selector,
  seed,
  writes,
  bytes,
  flushes,
  kinds,
  strays,
  failures,
  seconds,
}: Powercuts): string {
  const cuts = kinds.reduce((sum, each) => sum + each.cuts, 0);
  const parts = [
    `${count(cuts, 'power cut')} in ${count(writes, 'write')} of ${roundSize(bytes)} with ${count(flushes, 'flush').replace(/flushs$/, 'flushes')} (seed ${seed})`,
    failures.length === 0
      ? 'each leaves one version whole, and that one starts'
      : `${failures.length} leave a disk that is not whole`,
    strays.length === 0
      ? selector === 'kept'
        ? `neither slot ${active} nor a selector was written`
        : `slot ${active} was not written`
      : `${count(strays.length, 'write')} to where nothing is to be written`,
  ];
  return `${image}: ${parts.join('; ')}; ${formatSeconds(seconds)} in all.`;
}
