/** The look of a proof in HTML. Pure. */

const LIGHT = {
  paper: '#ffffff',
  card: '#f6f8fa',
  ink: '#1f2328',
  muted: '#59636e',
  rule: '#d1d9e0',
  good: '#1a7f37',
  bad: '#c5221f',
  warn: '#8a6100',
};
const DARK = {
  paper: '#0d1117',
  card: '#161b22',
  ink: '#e6edf3',
  muted: '#9aa5b1',
  rule: '#30363d',
  good: '#3fb950',
  bad: '#ff7b72',
  warn: '#d9a520',
};

const FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';

/** Text of a style element. */
export function proofStyle(): string {
  return `:root { ${colors(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${colors(DARK)} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 ${FONTS}; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { margin: 0; font-size: 30px; line-height: 1.2; }
h2 { margin: 32px 0 10px; font-size: 19px; }
p { margin: 6px 0; }
.brand, .note, .version, dt { color: var(--muted); }
.brand { margin: 0; letter-spacing: 0.06em; text-transform: uppercase; font-size: 12px; }
.version { font-weight: 400; }
.note { font-size: 13px; }
.verdict { font-size: 17px; font-weight: 600; }
.passed { --tone: var(--good); } .failed { --tone: var(--bad); } .untried { --tone: var(--warn); } .none { --tone: var(--muted); }
.verdict, .count b, .mark { color: var(--tone); }
.counts { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0; }
.count { flex: 1 1 90px; padding: 10px 14px; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; color: var(--muted); }
.count b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; }
dl { margin: 0; display: grid; gap: 2px; }
dl div { display: grid; grid-template-columns: 110px 1fr; gap: 10px; }
dd { margin: 0; overflow-wrap: anywhere; }
.boots { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
.boots li { display: grid; grid-template-columns: 110px 1fr 64px; gap: 10px; align-items: center; }
.bar { display: flex; height: 14px; background: var(--card); border-radius: 3px; overflow: hidden; }
.bar i { height: 100%; } .part0 { background: #57606a; } .part1 { background: #0b7fa0; } .part2 { background: #2a8f4a; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th { text-align: left; font-size: 13px; color: var(--muted); font-weight: 600; }
th:nth-child(1) { width: 96px; } th:nth-child(2) { width: 27%; } th:nth-child(3) { width: 26%; }
th, td { padding: 9px 10px; border-bottom: 1px solid var(--rule); vertical-align: top; overflow-wrap: anywhere; }
tr.failed td, tr.untried td { background: var(--card); }
td ul { margin: 0; padding: 0; list-style: none; }
td li { padding-left: 18px; position: relative; }
td li::before { position: absolute; left: 0; content: "\\2713"; color: var(--good); }
td li.wrong::before { content: "\\2717"; color: var(--bad); }
td li.wrong, .reason { color: var(--bad); }
.reason { margin: 0; }
tr.untried .reason { color: var(--warn); }
.mark { font-weight: 600; white-space: nowrap; }
@media (max-width: 760px) {
  main { padding: 18px 14px 40px; }
  table, tbody, tr, td { display: block; } thead { display: none; }
  tr { border-bottom: 1px solid var(--rule); padding: 10px 0; } td { border: 0; padding: 3px 6px; }
  dl div { grid-template-columns: 1fr; gap: 0; }
  .boots li { grid-template-columns: 104px 1fr 52px; }
}
@media print {
  :root { ${colors(LIGHT)} }
  main { max-width: none; padding: 0; } body { font-size: 11px; } h2 { break-after: avoid; } tr, li { break-inside: avoid; }
  .bar, .part0, .part1, .part2, .count { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}`;
}

function colors(theme: Readonly<Record<string, string>>): string {
  return Object.entries(theme)
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ');
}
