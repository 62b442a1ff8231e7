/** What `caisson prove` found, as one HTML file. Pure. */
import { roundSize } from '../formats/bytes.ts';
import type { Proof, ProvenBoot, ProvenClaim, Verdict } from '../formats/proof.ts';
import { htmlPage, type PageSection } from './page.ts';
import {
  code,
  definitions,
  lane,
  legend,
  meters,
  named,
  note,
  pageHead,
  table,
  tiles,
  type Kind,
  type Meter,
} from './page-parts.ts';
import { svgText } from './svg.ts';
import { count, formatSeconds } from './text.ts';

const KINDS: Readonly<Record<Verdict, Kind>> = {
  passed: 'passed',
  failed: 'failed',
  bug: 'failed',
  'not tried': 'untried',
};

/** All text, the guest's too, is escaped and without control characters. */
export function proofHtml(proof: Proof): string {
  const { image, version, passed } = proof;
  return htmlPage({
    title: `${image} ${version}: ${passed ? 'proven' : 'not proven'}`,
    style: STYLE,
    header: pageHead({
      brand: 'Caisson proof',
      html: named(image, version),
      verdict: {
        kind: passed ? 'passed' : 'failed',
        text: passed ? 'Every claim is proven' : 'Not every claim is proven',
      },
      about: '',
    }).concat('\n', figures(proof)),
    links: 'below',
    sections: [about(proof), ...boots(proof), ...claims(proof)],
    footer: 'Made by caisson prove. The .prove.json beside it has the same for programs.',
  });
}

function figures({ claims: all, boots: started, seconds }: Proof): string {
  const of = (...verdicts: Verdict[]): number => all.filter(each => verdicts.includes(each.verdict)).length;
  const tile = (number: number, label: string, kind: Kind): Parameters<typeof tiles>[0][number] => ({
    value: String(number),
    unit: '',
    label,
    kind: number === 0 && kind !== 'passed' ? 'plain' : kind,
    href: number === 0 ? '' : 'claims',
  });
  return tiles([
    tile(of('passed'), 'proven', 'passed'),
    tile(of('failed', 'bug'), 'failed', 'failed'),
    tile(of('not tried'), 'not tried', 'untried'),
    {
      ...tile(started.length, started.length === 1 ? 'boot' : 'boots', 'plain'),
      href: started.length === 0 ? '' : 'boots',
    },
    { value: formatSeconds(seconds), unit: '', label: 'all in all', kind: 'plain', href: '' },
  ]);
}

function about({ file, host }: Proof): PageSection {
  const same = file.sha256 === file.sha256After;
  const processors = `${count(host.cpus, 'processor')}, ${host.memoryMiB} MiB, ${host.accelerator === 'kvm' ? 'KVM' : 'software emulation'}`;
  return {
    title: 'Image and machine',
    note: '',
    body: definitions([
      ['File', `${svgText(file.name)}, ${roundSize(file.bytes)}`],
      ['SHA-256', code(file.sha256)],
      [
        'Afterwards',
        same ? 'the same: the image was not written' : `<b class="reason">CHANGED:</b> ${code(file.sha256After)}`,
      ],
      ['Machine', svgText(processors)],
      ['Network', svgText(host.network || 'none')],
    ]),
  };
}

function boots({ boots: all }: Proof): PageSection[] {
  if (all.length === 0) return [];
  const longest = Math.max(1, ...all.map(each => each.readySeconds ?? 0));
  const body = [
    meters(all.map(each => bootMeter(each, longest))),
    legend(LEGS),
    note('From power-on or reset, by the clock on the wall.'),
  ];
  return [{ title: 'Boots', note: '', body: body.join('\n') }];
}

const LEGS = [
  { style: 'part0', text: 'firmware and selector' },
  { style: 'part1', text: 'kernel and initrd' },
  { style: 'part2', text: 'system, until SSH is ready' },
];

function bootMeter({ scenario, kernelSeconds, initSeconds, readySeconds }: ProvenBoot, longest: number): Meter {
  const marks = [kernelSeconds ?? 0, initSeconds ?? kernelSeconds ?? 0, readySeconds ?? 0];
  const parts = marks.map((mark, index) => {
    const from = marks[index - 1] ?? 0;
    return { from: from / longest, share: Math.max(0, mark - from) / longest, style: `part${index}` };
  });
  const title = `firmware ${seconds(kernelSeconds)}, system started at ${seconds(initSeconds)}, ready at ${seconds(readySeconds)}`;
  return {
    label: scenario,
    about: '',
    html: lane(parts, { title, lines: [] }),
    value: seconds(readySeconds),
    style: '',
  };
}

function seconds(value: number | null): string {
  return value === null ? '?' : `${value.toFixed(1)} s`;
}

function claims({ claims: all }: Proof): PageSection[] {
  if (all.length === 0) return [];
  const columns = [
    { title: 'Verdict', align: 'left', style: 'verdict-column' },
    { title: 'Claim', align: 'left', style: '' },
    { title: 'How it was tried', align: 'left', style: '' },
    { title: 'Evidence', align: 'left', style: 'evidence' },
  ] as const;
  return [{ title: 'Claims', note: count(all.length, 'claim'), body: table(columns, all.map(claimRow), 'claims') }];
}

function claimRow(claim: ProvenClaim): Parameters<typeof table>[1][number] {
  const { name, promise, tried, scenario, verdict, facts, reason } = claim;
  const items = facts.map(each => `<li class="${each.fits ? 'fits' : 'wrong'}">${svgText(each.text)}</li>`);
  const lines = reason
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(svgText);
  const why = lines.length === 0 ? '' : `<p class="reason">${lines.join('<br>')}</p>`;
  const kind = KINDS[verdict];
  return {
    style: kind,
    id: name,
    cells: [
      `<span class="mark ${kind}">${svgText(verdict)}</span>`,
      `<b>${svgText(name)}</b><br>${svgText(promise)}`,
      `${svgText(tried)}<br><span class="note">${svgText(scenario)}, ${formatSeconds(claim.seconds)}</span>`,
      `${why}${items.length === 0 ? '' : `<ul>${items.join('')}</ul>`}`,
    ],
  };
}

const STYLE = `
@media print, (min-width: 721px) {
  .claims { table-layout: fixed; } .claims .verdict-column { width: 88px; } .claims .evidence { width: 42%; }
}
tr.failed, tr.untried { background: var(--card); } .claims td, .claims th { padding-left: 10px; }
@media print, (min-width: 721px) { .meters li { grid-template-columns: minmax(0, 8fr) minmax(0, 32fr) 80px; } }`;
