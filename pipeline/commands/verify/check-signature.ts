/** SHA256SUMS is signed by the key that is trusted. */
import { verify } from 'node:crypto';
import type { Findings } from './findings.ts';
import { releaseBytes } from './release-folder.ts';
import type { DocumentSubject } from './subject.ts';

export async function checkSignature({ release, trust }: DocumentSubject): Promise<Findings> {
  const { sums, signature } = release.names;
  const [text, signed] = [await releaseBytes(release.at(sums)), await releaseBytes(release.at(signature))];
  const faults = verify('sha256', text, trust.key, signed)
    ? []
    : [`${signature} is not the signature of ${sums} by ${trust.file} (${trust.keyid.slice(0, 16)}…)`];
  return { evidence: `${sums} by the key ${trust.keyid.slice(0, 16)}…`, faults };
}
