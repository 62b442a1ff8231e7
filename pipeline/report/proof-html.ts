/** What `caisson prove` found, as one HTML file: nothing fetched, no scripts, light and dark, for phones and paper. Pure. */
import { roundSize } from '../formats/bytes.ts';
import type { Proof, ProvenBoot, ProvenClaim, Verdict } from '../formats/proof.ts';
import { htmlPage } from './page.ts';
import { svgText } from './svg.ts';
import { formatSeconds } from './text.ts';

const CLASSES: Readonly<Record<Verdict, string>> = {
  passed: 'passed',
  failed: 'failed',
  bug: 'failed',
  'not tried': 'untried',
};

/** All text, the guest's too, is escaped and without control characters. */
export function proofHtml(proof: Proof): string {
  return htmlPage({
    title: `${proof.image} ${proof.version}: ${proof.passed ? 'proven' : 'not proven'}`,
    style: '',
    body: [header(proof), summary(proof), boots(proof), claimsTable(proof.claims)].join('\n'),
  });
}

function header({ image, version, passed }: Proof): string {
  return `<header>
<p class="brand">Caisson proof</p>
<h1>${svgText(image)} <span class="version">${svgText(version)}</span></h1>
<p class="verdict ${passed ? 'passed' : 'failed'}">${passed ? 'Every claim is proven' : 'Not every claim is proven'}</p>
</header>`;
}

function summary({ claims, file, seconds, host }: Proof): string {
  const of = (...verdicts: Verdict[]): number => claims.filter(each => verdicts.includes(each.verdict)).length;
  const counts = [
    ['passed', of('passed'), 'proven'],
    ['failed', of('failed', 'bug'), 'failed'],
    ['untried', of('not tried'), 'not tried'],
  ] as const;
  const same = file.sha256 === file.sha256After;
  const rows = [
    ['File', `${file.name}, ${roundSize(file.bytes)}`],
    ['SHA-256', file.sha256],
    ['Afterwards', same ? 'the same: the image was not written' : `CHANGED: ${file.sha256After}`],
    ['Took', formatSeconds(seconds)],
    [
      'Machine',
      `${host.cpus} processors, ${host.memoryMiB} MiB, ${host.accelerator === 'kvm' ? 'KVM' : 'software emulation'}`,
    ],
    ['Network', host.network || 'none'],
  ] as const;
  return `<section class="counts">
${counts.map(([kind, number, text]) => `<div class="count ${number === 0 && kind !== 'passed' ? 'none' : kind}"><b>${number}</b> ${text}</div>`).join('\n')}
</section>
<section>
<dl>
${rows.map(([name, text]) => `<div><dt>${name}</dt><dd>${svgText(text)}</dd></div>`).join('\n')}
</dl>
</section>`;
}

function boots({ boots: all }: Proof): string {
  if (all.length === 0) return '';
  const longest = Math.max(1, ...all.map(each => each.readySeconds ?? 0));
  return `<section>
<h2>Boots</h2>
<ul class="boots">
${all.map(each => bootRow(each, longest)).join('\n')}
</ul>
<p class="note">Seconds of wall time from power-on or reset: firmware and selector, kernel and initrd, system until SSH is ready.</p>
</section>`;
}

function bootRow({ scenario, kernelSeconds, initSeconds, readySeconds }: ProvenBoot, longest: number): string {
  const marks = [kernelSeconds ?? 0, initSeconds ?? kernelSeconds ?? 0, readySeconds ?? 0];
  const parts = marks.map((mark, index) => Math.max(0, mark - (marks[index - 1] ?? 0)));
  const bars = parts.map(
    (part, index) => `<i class="part${index}" style="width:${((part / longest) * 100).toFixed(2)}%"></i>`,
  );
  return `<li><span>${svgText(scenario)}</span><span class="bar">${bars.join('')}</span><span class="number">${readySeconds === null ? '?' : readySeconds.toFixed(1)} s</span></li>`;
}

function claimsTable(claims: readonly ProvenClaim[]): string {
  return `<section>
<h2>Claims</h2>
<table>
<thead><tr><th>Verdict</th><th>Claim</th><th>How it was tried</th><th>Evidence</th></tr></thead>
<tbody>
${claims.map(claimRow).join('\n')}
</tbody>
</table>
</section>`;
}

function claimRow({ name, promise, tried, scenario, verdict, facts, reason, seconds }: ProvenClaim): string {
  const items = facts.map(each => `<li class="${each.fits ? 'fits' : 'wrong'}">${svgText(each.text)}</li>`);
  const lines = reason
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(svgText);
  const why = lines.length === 0 ? '' : `<p class="reason">${lines.join('<br>')}</p>`;
  return `<tr id="${svgText(name)}" class="${CLASSES[verdict]}">
<td><span class="mark ${CLASSES[verdict]}">${svgText(verdict)}</span></td>
<td><b>${svgText(name)}</b><br>${svgText(promise)}</td>
<td>${svgText(tried)}<br><span class="note">${svgText(scenario)}, ${formatSeconds(seconds)}</span></td>
<td>${why}${items.length === 0 ? '' : `<ul>${items.join('')}</ul>`}</td>
</tr>`;
}
