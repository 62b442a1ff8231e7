/** What `caisson build` made, as one HTML file. Pure. */
import { roundSize } from '../formats/bytes.ts';
import type { BuildReport, ReportWarning } from '../formats/build-report.ts';
import { DISK_STYLE } from './build/disk-picture.ts';
import { diskSection, PARTS_STYLE } from './build/disk-section.ts';
import { budgetsSection, largestSection, packagesSection, SIZES_STYLE } from './build/size-sections.ts';
import { STEPS_STYLE, stepsSection } from './build/steps-section.ts';
import { trustSection } from './build/trust-section.ts';
import { anchor, htmlPage, type PageSection } from './page.ts';
import { code, definitions, named, pageHead, prose, splitUnit, table, tiles } from './page-parts.ts';
import { svgText } from './svg.ts';
import { count, formatSeconds } from './text.ts';

/** All text is escaped and without control characters, whatever a definition or a package calls itself. */
export function buildHtml(report: BuildReport): string {
  const { image, version, steps, seconds, at, summary } = report;
  const built = steps.filter(each => !each.cached).length;
  const head = pageHead({
    brand: 'Caisson build report',
    html: named(image, version),
    verdict: {
      kind: 'plain',
      text: `Built in ${formatSeconds(seconds)}: ${count(built, 'step')} built, ${steps.length - built} reused`,
    },
    about: [summary, `built ${at.replace('T', ' ').replace('Z', ' UTC')}`].filter(each => each !== '').join('; '),
  });
  return htmlPage({
    title: `${image} ${version}: build report`,
    style: [DISK_STYLE, PARTS_STYLE, STEPS_STYLE, SIZES_STYLE, STYLE].join(''),
    header: `${head}\n${figures(report)}`,
    links: 'below',
    sections: [
      ...noticesSection(report),
      ...diskSection(report),
      ...budgetsSection(report),
      stepsSection(report),
      ...packagesSection(report),
      ...largestSection(report),
      trustSection(report.trust),
      filesSection(report),
    ],
    footer:
      'Made by caisson build. build.json beside it has the facts for programs. Times are of this run; the image is the same every time.',
  });
}

function figures(report: BuildReport): string {
  const { disk, files, packages, trust, warnings } = report;
  const root =
    trust.verity === null
      ? undefined
      : disk?.partitions.find(each => each.filesystem === 'erofs' || each.mount === '/');
  const serious = warnings.filter(each => each.level === 'warning').length;
  const tile = (text: string, label: string, to: string): Parameters<typeof tiles>[0][number] => ({
    ...splitUnit(text),
    label,
    kind: 'plain',
    href: to === '' ? '' : anchor(to),
  });
  return tiles([
    ...(disk === null ? [] : [tile(roundSize(disk.size), 'disk', 'Disk')]),
    ...files.slice(0, 1).map(({ name, bytes }) => tile(roundSize(bytes), name, 'Files')),
    ...(root === undefined ? [] : [tile(roundSize(root.used), `in use in ${root.name}`, 'Disk')]),
    ...(packages.rows.length === 0
      ? []
      : [tile(String(packages.counts.reduce((sum, each) => sum + each.count, 0)), 'packages', 'Packages')]),
    {
      ...tile(String(serious), serious === 1 ? 'warning' : 'warnings', warnings.length === 0 ? '' : NOTICES),
      kind: serious > 0 ? 'untried' : 'plain',
    },
  ]);
}

const NOTICES = 'Worth knowing';

function noticesSection({ warnings }: BuildReport): PageSection[] {
  if (warnings.length === 0) return [];
  const items = warnings.map(
    ({ level, message, hint }) =>
      `<li class="${level}"><b>${LEVELS[level]}</b><div>${prose(message)}${hint === '' ? '' : `<br><span class="note">${prose(hint)}</span>`}</div></li>`,
  );
  return [{ title: NOTICES, note: '', body: `<ul class="notices">\n${items.join('\n')}\n</ul>` }];
}

const LEVELS: Readonly<Record<ReportWarning['level'], string>> = { warning: 'Warning', note: 'Note' };

function filesSection({ files, layout, kernel, epoch, lock }: BuildReport): PageSection {
  const columns = [
    { title: 'File', align: 'left', style: '' },
    { title: 'Size', align: 'right', style: '' },
    { title: 'SHA-256', align: 'left', style: '' },
  ] as const;
  const rows = files.map(({ name, bytes, sha256 }) => ({
    style: '',
    id: '',
    cells: [`<b>${svgText(name)}</b>`, roundSize(bytes), code(sha256)],
  }));
  const time = new Date(epoch * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
  const facts = definitions([
    ['Layout', svgText(layout)],
    ['Kernel', code(kernel)],
    ['Time of all files', svgText(time)],
    ['Lock file', lock === '' ? '<span class="note">none</span>' : code(lock)],
  ]);
  return { title: 'Files', note: '', body: `${table(columns, rows, 'files named')}\n${facts}` };
}

const STYLE = `
.notices { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px; }
.notices li { display: grid; grid-template-columns: 84px minmax(0, 1fr); gap: 14px; padding: 10px 14px; background: var(--card); border-left: 4px solid var(--rule); border-radius: 6px; }
.notices li.warning { border-left-color: var(--warn); } .notices .warning > b { color: var(--warn); } .notices .note > b { color: var(--muted); }
.notices li.note { font-size: inherit; color: inherit; }
.files { margin-bottom: 16px; }
@media print, (min-width: 721px) { .profiles .profile { width: 170px; } }
@media screen and (max-width: 720px) { .notices li { grid-template-columns: minmax(0, 1fr); gap: 2px; } }`;
