/** Who answers for the bytes of a build. Pure. */
import { roundSize } from '../../formats/bytes.ts';
import type { ReportSigner, ReportTrust, ReportVerity } from '../../formats/build-report.ts';
import type { PageSection } from '../page.ts';
import { code, definitions, fold, table } from '../page-parts.ts';
import { svgText } from '../svg.ts';

export function trustSection({ verifiedBoot, verity, signers, pcrs, profiles }: ReportTrust): PageSection {
  return {
    title: 'Verity and signatures',
    note: '',
    body: [
      definitions([
        ['Verified boot', svgText(VERIFIED[verifiedBoot] ?? verifiedBoot)],
        ...(verity === null ? [['Hash tree', 'none'] as const] : verityFacts(verity)),
      ]),
      '<h3>Signatures</h3>',
      definitions(SIGNS.map(([what, title]) => [title, signerHtml(signers.find(each => each.what === what))])),
      ...(pcrs === null
        ? []
        : [
            '<h3>Predicted PCRs (SHA-256)</h3>',
            definitions([
              ['PCR 4', pcrs.pcr4 === null ? NO_FIRMWARE : code(pcrs.pcr4)],
              ['PCR 7', pcrs.pcr7 === null ? NO_FIRMWARE : code(pcrs.pcr7)],
              ...pcrs.pcr11.map(({ id, value }) => [`PCR 11${id === '' ? '' : `, ${id}`}`, code(value)] as const),
            ]),
          ]),
      fold('Command lines of the kernel', profiles.length === 0 ? '' : profilesTable(profiles)),
    ].join('\n'),
  };
}

const NO_FIRMWARE = '<span class="note">not predicted: no firmware is named</span>';

const VERIFIED: Readonly<Record<string, string>> = {
  enforced: 'enforced: the kernel starts this root alone, and nothing on the disk can switch that off',
  on: 'on: the root is checked as it is read; who administers the machine can switch it off',
  off: 'off: the root is not checked as built; it can be switched on',
};

const SIGNS = [
  ['boot programs', 'Boot programs'],
  ['update bundles', 'Update bundles'],
  ['releases', 'Releases'],
] as const;

function verityFacts(verity: ReportVerity): (readonly [string, string])[] {
  const { rootHash, salt, algorithm, blockSize, dataBlocks, hashOffset, fecOffset, fecRoots } = verity;
  return [
    ['Root hash', code(rootHash)],
    ['Salt', code(salt)],
    [
      'Hash tree',
      `${svgText(algorithm)}, ${dataBlocks} blocks of ${roundSize(blockSize)}, ${roundSize(fecOffset - hashOffset)} at byte ${hashOffset}`,
    ],
    ['Error correction', `Reed-Solomon, ${fecRoots} roots (RS(255, ${255 - fecRoots})), at byte ${fecOffset}`],
  ];
}

function signerHtml(signer: ReportSigner | undefined): string {
  if (signer === undefined) return '<span class="note">no key is named</span>';
  const { key, certificate, details, signed } = signer;
  const by = key === 'token' ? 'key in a token' : 'key in a file';
  if (details === null) return `${svgText(by)}; ${code(certificate)} is not there`;
  const { subject, issuer, sha256, until } = details;
  const issued = issuer === subject ? 'by itself' : issuer;
  return [
    `<p><b>${svgText(subject)}</b>, ${svgText(by)}, until ${svgText(until)}</p>`,
    `<p class="note">issued ${issuer === subject ? '' : 'by '}${svgText(issued)}; SHA-256 ${code(sha256)}</p>`,
    signed.length === 0 ? '' : `<p class="note">signed: ${signed.map(code).join(', ')}</p>`,
  ].join('');
}

function profilesTable(profiles: ReportTrust['profiles']): string {
  const columns = [
    { title: 'Profile', align: 'left', style: 'profile' },
    { title: 'Command line', align: 'left', style: '' },
  ] as const;
  const rows = profiles.map(({ id, title, cmdline }) => ({
    style: '',
    id: '',
    cells: [`<b>${svgText(id)}</b><br><span class="note">${svgText(title)}</span>`, code(cmdline)],
  }));
  return table(columns, rows, 'profiles');
}
