/** The look of every page. Pure. */
import { DARK, FONTS, LIGHT, type Theme } from './theme.ts';

const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace';

/** Text of a style element. */
export function pageStyle(): string {
  return [
    `:root { color-scheme: light dark; ${variables(LIGHT)} }`,
    `@media (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }`,
    TEXT,
    HEAD,
    LISTS,
    TABLES,
    `@media screen and (max-width: 720px) {${PHONE}}`,
    `@media print { :root { color-scheme: light; ${variables(LIGHT)} }${PRINT}}`,
  ].join('\n');
}

function variables({ tones, ...colors }: Theme): string {
  const strong = Object.entries(tones).flatMap(([name, tone]) => [
    [`${name}-plain`, tone.plain],
    [name, tone.strong],
  ]);
  return [...Object.entries(colors), ...strong].map(([name, value]) => `--${name}: ${value};`).join(' ');
}

const TEXT = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 ${FONTS}; }
main { overflow-wrap: anywhere; max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { margin: 2px 0 0; font-size: 34px; line-height: 1.2; letter-spacing: -0.015em; }
h2 { margin: 0 0 14px; font-size: 20px; line-height: 1.3; }
h3 { margin: 22px 0 8px; font-size: 15px; }
p { margin: 6px 0; }
a { color: var(--link); text-underline-offset: 2px; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
code { font: 0.88em/1.5 ${MONO}; }
small { font-size: 12.5px; }
section { padding-top: 22px; margin-top: 30px; border-top: 1px solid var(--rule); scroll-margin-top: 8px; }
.note, .version, .about, dt, footer, .label small { color: var(--muted); }
.note { font-size: 13px; font-weight: 400; }
.version { font-weight: 400; }
footer { margin-top: 44px; padding-top: 14px; border-top: 1px solid var(--rule); font-size: 13px; }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--link); width: fit-content; padding: 2px 0; }
details[open] > summary { margin-bottom: 8px; }`;

const HEAD = `
.brand { margin: 0; color: var(--muted); letter-spacing: 0.08em; text-transform: uppercase; font-size: 12px; }
.verdict { margin-top: 10px; font-size: 17px; font-weight: 600; color: var(--tone); }
.passed { --tone: var(--good); } .failed { --tone: var(--bad); } .untried { --tone: var(--warn); } .plain { --tone: var(--ink); }
nav { display: flex; flex-wrap: wrap; gap: 6px 20px; margin-top: 22px; font-size: 14px; }
nav a { text-decoration: none; padding: 2px 0; } nav a:hover { text-decoration: underline; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 12px; margin-top: 24px; }
.tile { padding: 12px 14px; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; color: var(--muted); font-size: 13px; text-decoration: none; }
a.tile:hover { border-color: var(--link); }
.tile b { display: block; color: var(--tone); font-size: 25px; line-height: 1.25; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tile b small { font-size: 14px; font-weight: 400; letter-spacing: 0; }`;

const LISTS = `
dl { margin: 0; display: grid; gap: 5px; }
dl div { display: grid; grid-template-columns: 172px minmax(0, 1fr); gap: 14px; }
dd { margin: 0; }
dd p { margin: 0; }
.meters { list-style: none; margin: 0; padding: 0; display: grid; gap: 3px; }
.meters li { display: grid; grid-template-columns: minmax(0, 15fr) minmax(0, 25fr) 104px; gap: 3px 16px; align-items: center; min-height: 25px; }
.meters .label { line-height: 1.35; }
.meters .label small { margin-left: 8px; }
.value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.lane { display: block; width: 100%; height: 15px; overflow: hidden; border-radius: 3px; background: var(--card); }
.lane line { stroke: var(--rule); stroke-width: 1; }
.lane .part0 { fill: var(--dim); } .lane .part1 { fill: var(--cyan); } .lane .part2 { fill: var(--green); }
.lane .strong { fill: var(--yellow); } .lane .hollow { fill: none; stroke: var(--dim); stroke-dasharray: 3 3; }
.lane .limit { fill: var(--warn); } .lane .over { fill: var(--bad); }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 0; padding: 0; list-style: none; color: var(--muted); font-size: 13px; }
.key svg, td .swatch { display: inline-block; width: 12px; height: 12px; margin-right: 7px; vertical-align: -1px; }`;

const TABLES = `
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-size: 13px; color: var(--muted); font-weight: 600; }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; } tbody tr:last-child td { border-bottom: 0; }
th.number, td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td ul { margin: 0; padding: 0; list-style: none; }
td li { padding-left: 20px; position: relative; }
td li::before { position: absolute; left: 0; content: "\\2713" / "fits"; color: var(--good); }
td li.wrong::before { content: "\\2717" / "does not fit"; color: var(--bad); }
td li.wrong, .reason { color: var(--bad); }
.reason { margin: 0; } tr.untried .reason { color: var(--warn); }
.mark { font-weight: 600; white-space: nowrap; color: var(--tone); }`;

const PHONE = `
  main { padding: 22px 16px 44px; } h1 { font-size: 27px; }
  section { margin-top: 24px; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(108px, 1fr)); gap: 8px; }
  .tile { padding: 9px 11px; } .tile b { font-size: 20px; }
  dl div { grid-template-columns: minmax(0, 1fr); gap: 0; } dl { gap: 9px; }
  .meters { gap: 9px; } .meters li { grid-template-columns: minmax(0, 1fr) auto; }
  .meters .lane { grid-row: 2; grid-column: 1 / -1; height: 12px; }
  .meters .label small { display: block; margin-left: 0; }
  table, tbody, tr, td { display: block; } thead { display: none; }
  tr { border-bottom: 1px solid var(--rule); padding: 9px 0; } tbody tr:last-child { border-bottom: 0; } td { border: 0; padding: 2px 0; }
  td:empty { display: none; } td.number { text-align: left; }
  .named td[data-title]:not([data-title=""])::before { content: attr(data-title) " "; color: var(--muted); font-size: 13px; }`;

const PRINT = `
  @page { size: A4; margin: 15mm; }
  main { max-width: none; padding: 0; } body { font-size: 10.5px; } h1 { font-size: 22px; } h2 { font-size: 14px; break-after: avoid; } h3 { margin: 12px 0 4px; font-size: 11.5px; break-after: avoid; }
  nav { display: none; } section { margin-top: 16px; padding-top: 10px; } a { color: inherit; text-decoration: none; }
  tr, li, dl div, .tile, svg { break-inside: avoid; } thead { display: table-header-group; }
  .tile { padding: 6px 9px; } .tile b { font-size: 15px; } .tile b small { font-size: 10px; } .tiles { gap: 6px; grid-template-columns: repeat(auto-fit, minmax(90px, 1fr)); }
  .note, small, th, .tile, .key, footer { font-size: 9.5px; } .verdict { font-size: 12.5px; }
  .meters li { min-height: 16px; grid-template-columns: minmax(0, 15fr) minmax(0, 25fr) 76px; } .lane { height: 9px; }
  th, td { padding-top: 3px; padding-bottom: 3px; }
  .lane, .tile, svg, tr, li { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  summary { color: inherit; font-weight: 600; list-style: none; break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; }`;
