/** What `caisson prove` found, as a table for the terminal. Text of the guest never reaches it as it came. Pure. */
import type { Proof, ProvenClaim, Verdict } from '../formats/proof.ts';
import { painter, type Paint, type Style } from './paint.ts';
import { columnsOf, count, formatSeconds, pad, plainText, truncate, wrapText } from './text.ts';

export interface DrawOptions {
  /** Columns of the terminal; null without one. */
  width: number | null;
  color: boolean;
}

export interface ListedClaims {
  image: string;
  version: string;
  claims: { name: string; promise: string; scenario: string; tried: string }[];
}

const WITHOUT_TERMINAL = 140;
/** Below this, cells stand under each other. */
const LEAST_TABLE = 90;
const GAP = 2;
const STYLES: Readonly<Record<Verdict, Style>> = { passed: 'green', failed: 'red', bug: 'red', 'not tried': 'yellow' };
const VERDICT_COLUMNS = 9;

/** A table of all claims (claim, how it was tried, evidence, verdict), what failed, and one line that says it all. */
export function drawProof(proof: Proof, { width, color }: DrawOptions): string {
  const paint = painter(color);
  const room = width ?? WITHOUT_TERMINAL;
  const rows = proof.claims.map(claim => ({
    verdict: claim.verdict,
    cells: [claim.name, claim.tried, evidenceOf(claim)],
  }));
  return [
    ...drawRows(['claim', 'how it was tried', 'evidence'], rows, { room, paint }),
    '',
    ...wrapText(bootLine(proof), room).map(line => paint('dim', line)),
    ...wrapText(verdictLine(proof), room).map(line => paint(proof.passed ? 'green' : 'red', line)),
  ].join('\n');
}

/** `--list`: nothing was tried yet. */
export function drawClaims({ image, version, claims }: ListedClaims, { width, color }: DrawOptions): string {
  const paint = painter(color);
  const rows = claims.map(each => ({ verdict: null, cells: [each.name, each.promise, each.scenario] }));
  return [
    ...drawRows(['claim', 'promise', 'scenario'], rows, { room: width ?? WITHOUT_TERMINAL, paint }),
    '',
    plainText(`${image} ${version} promises ${count(claims.length, 'thing')}.`),
  ].join('\n');
}

/** Of a failure only what does not fit, and how much else does. */
export function evidenceOf({ verdict, facts, reason }: ProvenClaim): string {
  if (verdict === 'bug') return `bug in caisson: ${reason.split('\n')[0] ?? ''} (prove.json has its stack)`;
  const wrong = facts.filter(each => !each.fits);
  const shown = (wrong.length > 0 ? wrong : facts).map(each => each.text);
  const others = wrong.length > 0 ? facts.length - wrong.length : 0;
  return [
    ...(reason === '' ? [] : [reason]),
    ...shown,
    ...(others > 0 ? [`(${count(others, 'other')} as promised)`] : []),
  ].join('; ');
}

interface Row {
  verdict: Verdict | null;
  /** Three of them. */
  cells: string[];
}

function drawRows(
  titles: readonly string[],
  rows: readonly Row[],
  { room, paint }: { room: number; paint: Paint },
): string[] {
  const clean = rows.map(({ verdict, cells }) => ({ verdict, cells: cells.map(plainText) }));
  if (room < LEAST_TABLE) return clean.flatMap(row => stacked(row, { room, paint }));
  const withVerdict = rows.some(each => each.verdict !== null);
  const first = Math.max(...clean.map(({ cells }) => columnsOf(cells[0] ?? '')), columnsOf(titles[0] ?? ''));
  const left = room - first - 2 * GAP - (withVerdict ? VERDICT_COLUMNS + GAP : 0);
  // A last column of single words takes what it needs.
  const wanted = Math.max(...clean.map(({ cells }) => columnsOf(cells[2] ?? '')));
  const last = Math.min(wanted, Math.floor(left * 0.6));
  const widths = [first, left - last, last];
  const head = titles.map((title, index) => pad(title, widths[index] ?? 0, 'left')).join('  ');
  return [
    paint('bold', `${withVerdict ? `${pad('', VERDICT_COLUMNS, 'left')}  ` : ''}${head}`.trimEnd()),
    ...clean.flatMap(({ verdict, cells }) => {
      const lines = cells.map((cell, index) => wrapText(cell, widths[index] ?? 1));
      const height = Math.max(...lines.map(each => each.length));
      return Array.from({ length: height }, (_, at) => {
        const text = lines.map((each, index) => pad(each[at] ?? '', widths[index] ?? 0, 'left')).join('  ');
        const mark = verdict === null ? '' : at === 0 ? markOf(verdict, paint) : pad('', VERDICT_COLUMNS, 'left');
        return `${mark}${verdict === null ? '' : '  '}${text}`.trimEnd();
      });
    }),
  ];
}

function stacked({ verdict, cells }: Row, { room, paint }: { room: number; paint: Paint }): string[] {
  const [name = '', ...rest] = cells;
  return [
    `${verdict === null ? '' : `${markOf(verdict, paint)}  `}${paint('bold', truncate(name, room - VERDICT_COLUMNS - GAP))}`,
    ...rest.flatMap(cell => wrapText(cell, room - 2).map(line => `  ${line}`)),
  ];
}

function markOf(verdict: Verdict, paint: Paint): string {
  return paint(STYLES[verdict], pad(verdict, VERDICT_COLUMNS, 'left'));
}

function bootLine({ boots, host }: Proof): string {
  const ready = boots.map(
    each => `${each.scenario} ${each.readySeconds === null ? '?' : each.readySeconds.toFixed(1)}`,
  );
  const how = host.accelerator === 'kvm' ? 'KVM' : 'software emulation';
  return plainText(`${count(boots.length, 'boot')} under ${how}; seconds until ready: ${ready.join(', ') || 'none'}`);
}

function verdictLine({ image, version, claims, seconds, file }: Proof): string {
  const of = (...verdicts: Verdict[]): number => claims.filter(each => verdicts.includes(each.verdict)).length;
  const [failed, untried] = [of('failed', 'bug'), of('not tried')];
  const parts = [
    `${of('passed')} of ${count(claims.length, 'claim')} proven`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(untried > 0 ? [`${untried} could not be tried here`] : []),
    ...(file.sha256 === file.sha256After ? [] : ['THE IMAGE CHANGED MEANWHILE']),
  ];
  return plainText(`${image} ${version}: ${parts.join(', ')}, in ${formatSeconds(seconds)}.`);
}
