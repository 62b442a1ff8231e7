/** What takes the room: budgets, packages, largest files. Pure. */
import { roundSize, type Bytes } from '../../formats/bytes.ts';
import type { BuildReport, ReportPackages } from '../../formats/build-report.ts';
import type { PageSection } from '../page.ts';
import { fold, lane, meters, note, type Meter } from '../page-parts.ts';
import { count } from '../text.ts';

/** As many as are looked at; the rest can be opened. */
const SHOWN = 20;
const NEAR = 0.9;

export function budgetsSection({ budgets }: BuildReport): PageSection[] {
  if (budgets.length === 0) return [];
  const text = 'A build that crosses one of these fails. Line at nine tenths.';
  return [{ title: 'Budgets', note: '', body: `${meters(budgets.map(budgetMeter))}\n${note(text)}` }];
}

function budgetMeter({ name, limit, found }: BuildReport['budgets'][number]): Meter {
  const size = ['root', 'image'].includes(name) ? roundSize : String;
  const share = limit === 0 ? 1 : Math.min(1, found / limit);
  const style = share >= NEAR && limit > 1 ? 'limit' : 'part1';
  return {
    label: WORDS[name] ?? name,
    about: '',
    html: lane([{ from: 0, share, style }], { title: '', lines: [NEAR] }),
    value: `${size(found)} of ${size(limit)}`,
    style: 'two',
  };
}

const WORDS: Readonly<Record<string, string>> = {
  root: 'Root, with hash tree and error correction',
  image: 'File that holds the disk',
  packages: 'Packages',
  setuid: 'Files with a setuid or setgid bit',
  listening: 'What the network can reach',
};

export function packagesSection({ packages }: BuildReport): PageSection[] {
  const { rows, counts } = packages;
  if (rows.length === 0) return [];
  const longest = Math.max(1, ...rows.map(each => each.bytes ?? 0), packages.other?.bytes ?? 0);
  const all = [
    ...rows.map(each => ({ bytes: each.bytes ?? 0, meter: packageMeter(each, longest) })),
    ...others(packages, longest),
  ];
  const lines = all.toSorted((a, b) => b.bytes - a.bytes).map(({ meter }) => meter);
  const from = counts.map(({ manifest, count: number }) => `${number} of ${manifest}`).join(', ');
  return [
    {
      title: 'Packages',
      note: from,
      body: [
        meters(lines.slice(0, SHOWN)),
        note(basis(packages)),
        fold(`${lines.length - SHOWN} that are smaller`, lines.length <= SHOWN ? '' : meters(lines.slice(SHOWN))),
      ].join('\n'),
    },
  ];
}

function packageMeter({ name, version, bytes }: ReportPackages['rows'][number], longest: number): Meter {
  return {
    label: name,
    about: version,
    html: lane([{ from: 0, share: (bytes ?? 0) / longest, style: 'part1' }], { title: '', lines: [] }),
    value: bytes === null ? '' : roundSize(bytes),
    style: '',
  };
}

function others({ other }: ReportPackages, longest: number): { bytes: Bytes; meter: Meter }[] {
  if (other === null || other.files === 0) return [];
  const { bytes, files } = other;
  const meter = {
    label: 'Files of no package',
    about: `${files} of overlays, or made in the build`,
    html: lane([{ from: 0, share: bytes / longest, style: 'part0' }], { title: '', lines: [] }),
    value: roundSize(bytes),
    style: '',
  };
  return [{ bytes, meter }];
}

function basis({ sizes, rows }: ReportPackages): string {
  const sum = roundSize(rows.reduce((total, each) => total + (each.bytes ?? 0), 0));
  if (sizes === 'files')
    return `By the files of ${count(rows.length, 'package')} that are in the root, not compressed: ${sum} together. What was taken away does not count.`;
  if (sizes === 'archive')
    return `By what Debian says that they take (Installed-Size): ${sum} together. What was taken away counts too.`;
  return 'How much they take is not known.';
}

export function largestSection({ largest }: BuildReport): PageSection[] {
  if (largest.length === 0) return [];
  const longest = Math.max(1, ...largest.map(each => each.bytes));
  const lines = largest.map(({ path, bytes }) => ({
    label: path,
    about: '',
    html: lane([{ from: 0, share: bytes / longest, style: 'part1' }], { title: '', lines: [] }),
    value: roundSize(bytes),
    style: 'path',
  }));
  return [{ title: 'Largest files', note: 'of the root, not compressed', body: meters(lines) }];
}

export const SIZES_STYLE = `
.meters .path .label { font: 0.88em/1.4 ui-monospace, "SF Mono", Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; }
@media print, (min-width: 721px) { .meters li.path { grid-template-columns: minmax(0, 24fr) minmax(0, 20fr) 104px; }
  .meters li.two { grid-template-columns: minmax(0, 18fr) minmax(0, 20fr) 150px; } }`;
