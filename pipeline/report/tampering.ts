/** What `caisson prove --tamper` found, as a table for the terminal. Pure. */
import { TAMPER_OUTCOMES, type TamperedBit, type Tampering, type TamperStratum } from '../formats/tampering.ts';
import { roundSize } from '../formats/bytes.ts';
import { painter } from './paint.ts';
import type { DrawOptions } from './proof.ts';
import { drawTable } from './table.ts';
import { count, formatSeconds, plainText, wrapText } from './text.ts';

const WITHOUT_TERMINAL = 140;

/** A line a stratum, why some are unprotected, what went wrong, and one line that says it all. */
export function drawTampering(tampering: Tampering, { width, color }: DrawOptions): string {
  const paint = painter(color);
  const room = width ?? WITHOUT_TERMINAL;
  const { strata, boots, failures, disagreements, passed } = tampering;
  const wrapped = (text: string): string[] => wrapText(plainText(text), room);
  const columns = [
    { title: 'stratum', align: 'left' as const },
    { title: 'size', align: 'right' as const },
    { title: 'trials', align: 'right' as const },
    ...TAMPER_OUTCOMES.map(title => ({ title, align: 'right' as const })),
    { title: 'repeated', align: 'right' as const },
  ];
  return [
    drawTable(columns, strata.map(rowOf), { width, color }),
    '',
    ...unprotectedLines(strata)
      .flatMap(wrapped)
      .map(line => paint('yellow', line)),
    ...boots.map(bootLine).flatMap(wrapped),
    ...failures
      .map(bit => `FAILED: ${bitText(bit)}`)
      .flatMap(wrapped)
      .map(line => paint('red', line)),
    ...disagreements
      .map(bit => `DISAGREEMENT: ${bitText(bit)}`)
      .flatMap(wrapped)
      .map(line => paint('red', line)),
    ...wrapped(lastLine(tampering)).map(line => paint(passed ? 'green' : 'red', line)),
  ].join('\n');
}

function rowOf({ name, bytes, trials, outcomes, repeated, unprotected }: TamperStratum): string[] {
  const dashes = TAMPER_OUTCOMES.map(() => '-');
  return unprotected === ''
    ? [name, roundSize(bytes), String(trials), ...TAMPER_OUTCOMES.map(each => String(outcomes[each])), String(repeated)]
    : [name, roundSize(bytes), '-', ...dashes, '-'];
}

function unprotectedLines(strata: readonly TamperStratum[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const { name, unprotected } of strata)
    if (unprotected !== '') reasons.set(unprotected, [...(reasons.get(unprotected) ?? []), name]);
  return [...reasons].map(([reason, names]) => `unprotected: ${names.join(', ')}: ${reason}`);
}

function bootLine({ stratum, offset, bit, outcome, seen, fits, seconds }: Tampering['boots'][number]): string {
  return `${fits ? 'booted' : 'BOOTED, AND NOT AS JUDGED'}: ${stratum}, bit ${bit} of byte ${offset} (${outcome}): ${seen}, in ${formatSeconds(seconds)}`;
}

function bitText({ stratum, offset, bit, outcome, why }: TamperedBit): string {
  return `${stratum}, bit ${bit} of byte ${offset} (${outcome}): ${why}`;
}

function lastLine({
  file,
  strata,
  repeated,
  failures,
  disagreements,
  seconds,
  trialsPerSecond,
  seed,
  boots,
}: Tampering): string {
  const trials = strata.reduce((sum, each) => sum + each.trials, 0);
  const tools = repeated.map(each => `${each.trials} by ${each.tool}`).join(', ');
  const wrong = boots.filter(({ fits }) => !fits).length;
  const parts = [
    `${count(trials, 'bit')} flipped in ${count(strata.filter(each => each.trials > 0).length, 'stratum').replace(/stratums$/, 'strata')} (seed ${seed})`,
    failures.length === 0
      ? 'no wrong byte goes unnoticed'
      : `${count(failures.length, 'wrong byte')} would go unnoticed`,
    ...(tools === '' ? [] : [`repeated: ${tools}`]),
    ...(disagreements.length > 0 ? [count(disagreements.length, 'disagreement')] : []),
    ...(boots.length > 0 ? [`${boots.length - wrong} of ${count(boots.length, 'boot')} as judged`] : []),
    ...(file.sha256 === file.sha256After ? [] : ['THE IMAGE CHANGED MEANWHILE']),
  ];
  return `${file.name}: ${parts.join('; ')}; ${trialsPerSecond.toFixed(0)} trials/s, ${formatSeconds(seconds)} in all.`;
}
