/** Programs of the firmware and the selector: every signature holds for the bytes of its program. */
import type { Findings } from './findings.ts';
import type { Subject } from './subject.ts';

export async function checkPrograms({ release, inspection }: Subject): Promise<Findings> {
  const signs = release.record.stages.some(each => each.stage === 'sign');
  const programs = (await inspection()).partitions.flatMap(each =>
    (each.efi ?? []).map(({ path, program }) => ({ place: `${each.name}:${path}`, signers: program?.signers ?? [] })),
  );
  const signed = programs.filter(each => each.signers.length > 0);
  if (!signs && signed.length === 0) return null;
  const faults = signed.flatMap(({ place, signers }) =>
    signers.flatMap(({ by, fault }) => (fault === null ? [] : [`${place}: the signature by "${by}": ${fault}`])),
  );
  if (signed.length === 0) faults.push('build.json has a step that signs, but no program is signed');
  const by = [...new Set(signed.flatMap(each => each.signers.map(signer => signer.by)))].sort().join(', ');
  return { evidence: `${signed.length} of ${programs.length} programs are signed, by ${by || 'nobody'}`, faults };
}
