/** The steps of a build along its time. Pure. */
import { roundSize } from '../../formats/bytes.ts';
import type { BuildReport, ReportStep } from '../../formats/build-report.ts';
import type { PageSection } from '../page.ts';
import { fold, lane, legend, meters, note, type Meter } from '../page-parts.ts';
import { count, formatSeconds } from '../text.ts';

/** Seconds that a line of the axis may stand for; the first that gives few enough. */
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];
const MOST_TICKS = 8;

export function stepsSection(report: BuildReport): PageSection {
  const { steps, beside, critical, seconds, jobs } = report;
  const built = steps.flatMap(step => (step.startedAt === null ? [] : [{ ...step, startedAt: step.startedAt }]));
  const reused = steps.filter(each => each.cached);
  const scale = { seconds: Math.max(seconds, 0.001), lines: ticksOf(seconds) };
  const tasks = [
    ...beside.map(each => ({ ...each, about: each.summary, kind: 'part0' as const })),
    ...built.map(each => ({
      ...each,
      about: aboutOf(each, built),
      kind: critical.includes(each.id) ? ('strong' as const) : ('part1' as const),
    })),
  ].sort((a, b) => a.startedAt - b.startedAt);
  const timeline =
    tasks.length === 0 ? '' : `${axis(scale)}\n${meters(tasks.map(each => taskMeter(each, scale)))}\n${keyOf(tasks)}`;
  return {
    title: 'Steps',
    note: `${built.length} built, ${reused.length} reused, at most ${jobs} at once`,
    body: [timeline, note(criticalText(report)), reusedSteps(reused, built.length)]
      .filter(each => each !== '')
      .join('\n'),
  };
}

type Scale = { seconds: number; lines: readonly number[] };
type Timed = { id: string; about: string; startedAt: number; seconds: number; kind: 'part0' | 'part1' | 'strong' };

function taskMeter({ id, about, startedAt, seconds, kind }: Timed, scale: Scale): Meter {
  const least = 0.003;
  const from = Math.min(1 - least, startedAt / scale.seconds);
  const share = Math.min(1 - from, Math.max(least, seconds / scale.seconds));
  const title = `from ${startedAt.toFixed(1)} s to ${(startedAt + seconds).toFixed(1)} s`;
  const lines = scale.lines.map(at => at / scale.seconds);
  return {
    label: id,
    about,
    html: lane([{ from, share, style: kind }], { title, lines }),
    value: formatSeconds(seconds),
    style: 'step',
  };
}

/** What it had to wait for. */
function aboutOf({ inputs, stage }: ReportStep, built: readonly ReportStep[]): string {
  const after = inputs.filter(id => built.some(each => each.id === id));
  return after.length === 0 ? stage : `after ${after.join(', ')}`;
}

function ticksOf(seconds: number): number[] {
  const step = TICKS.find(each => seconds / each <= MOST_TICKS) ?? 7200;
  return Array.from({ length: Math.floor(seconds / step) }, (_, at) => Number(((at + 1) * step).toFixed(1)));
}

function axis({ seconds, lines }: Scale): string {
  // The last would run out of the drawing.
  const shown = lines.filter(at => at / seconds < 0.97);
  const texts = shown.map(
    at => `<text x="${((at / seconds) * 100).toFixed(2)}%" y="11">${at >= 60 ? formatSeconds(at) : `${at}s`}</text>`,
  );
  return `<div class="axis" aria-hidden="true"><span></span><svg>${texts.join('')}</svg><span></span></div>`;
}

function keyOf(tasks: readonly Timed[]): string {
  const words = {
    strong: 'the end waited for it',
    part1: 'other steps',
    part0: 'packages, tools and the like',
  } as const;
  const kinds = (['strong', 'part1', 'part0'] as const).filter(kind => tasks.some(each => each.kind === kind));
  return legend(kinds.map(kind => ({ style: kind, text: words[kind] })));
}

/** Where time is to be won. */
function criticalText({ steps, critical, seconds }: BuildReport): string {
  const path = critical.flatMap(id => steps.find(each => each.id === id) ?? []);
  const [slowest] = path.toSorted((a, b) => b.seconds - a.seconds);
  if (slowest === undefined) return '';
  const sum = path.reduce((total, each) => total + each.seconds, 0);
  return `The end waited for ${critical.join(' → ')}: ${formatSeconds(sum)} of the ${formatSeconds(seconds)}. The longest of them is ${slowest.id} with ${formatSeconds(slowest.seconds)}.`;
}

function reusedSteps(reused: readonly ReportStep[], built: number): string {
  if (reused.length === 0) return '';
  const saved = reused.reduce((sum, each) => sum + each.seconds, 0);
  const longest = Math.max(0.001, ...reused.map(each => each.seconds));
  const list = meters(
    reused.map(({ id, stage, seconds, bytes }) => ({
      label: id,
      about: `${stage}, ${roundSize(bytes)}`,
      html: lane([{ from: 0, share: seconds / longest, style: 'hollow' }], { title: '', lines: [] }),
      value: formatSeconds(seconds),
      style: 'step',
    })),
  );
  const text = `${count(reused.length, 'step')} came from the cache. Each shows how long it took when it was made: ${formatSeconds(saved)} of work together.`;
  return built === 0
    ? `${note(text)}\n${list}`
    : fold(`${count(reused.length, 'step')} reused`, `${note(text)}\n${list}`);
}

export const STEPS_STYLE = `
.axis, .meters li.step { grid-template-columns: minmax(0, 15fr) minmax(0, 30fr) 72px; }
.axis { display: grid; gap: 3px 16px; } .axis svg { width: 100%; height: 16px; overflow: visible; }
.axis text { font-size: 12px; fill: var(--muted); text-anchor: middle; font-variant-numeric: tabular-nums; }
@media print { .axis text { font-size: 9px; } }
@media screen and (max-width: 720px) { .axis { display: none; } .meters li.step { grid-template-columns: minmax(0, 1fr) auto; } }`;
