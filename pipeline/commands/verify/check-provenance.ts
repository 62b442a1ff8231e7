/** The provenance is signed by the same key, and tells of these files, this root and this lock. */
import { createHash, verify } from 'node:crypto';
import { decodeEnvelope, preAuthEncoding } from '../../formats/dsse.ts';
import { ROOT_HASH, STATEMENT_TYPE } from '../../formats/provenance.ts';
import { decodeSums } from '../../formats/release-files.ts';
import type { Findings } from './findings.ts';
import { releaseBytes, releaseText } from './release-folder.ts';
import type { Subject } from './subject.ts';

export async function checkProvenance(subject: Subject): Promise<Findings> {
  const { release, trust, provenance } = subject;
  const { names, record, at } = release;
  const faults: string[] = [];
  const { payloadType, payload, signatures } = decodeEnvelope(await releaseText(at(names.provenance)));
  const signed = preAuthEncoding(payloadType, payload);
  if (!signatures.some(({ signature }) => verify('sha256', signed, trust.key, signature)))
    faults.push(`${names.provenance} is not signed by ${trust.file}`);
  if (payloadType !== STATEMENT_TYPE) faults.push(`${names.provenance} is of the type "${payloadType}"`);
  const { subjects, externalParameters, resolvedDependencies } = await provenance();
  if (externalParameters.image !== record.image || externalParameters.version !== record.version)
    faults.push(
      `it is of ${externalParameters.image} ${externalParameters.version}, build.json of ${record.image} ${record.version}`,
    );
  faults.push(...(await subjectFaults(subject, subjects)));
  const sha256 = createHash('sha256')
    .update(await releaseBytes(at(names.lock)))
    .digest('hex');
  const lock = resolvedDependencies.find(each => each.name.endsWith(`/${names.lock}`) || each.name === names.lock);
  if (lock?.digest.sha256 !== sha256)
    faults.push(
      `${names.lock} has the SHA-256 ${sha256}, the lock that it was made of ${lock?.digest.sha256 ?? 'is not named'}`,
    );
  return { evidence: `${subjects.length} subjects, ${resolvedDependencies.length} materials`, faults };
}

/** Every file but those that are made behind it; and the root hash. */
async function subjectFaults(
  { release: { names, record, at } }: Subject,
  subjects: readonly { name: string; sha256: string }[],
): Promise<string[]> {
  const files = decodeSums(await releaseText(at(names.sums))).filter(each => each.name !== names.provenance);
  const wanted = [...files, ...(record.rootHash === null ? [] : [{ name: ROOT_HASH, sha256: record.rootHash }])];
  const missing = wanted.flatMap(({ name, sha256 }) => {
    const found = subjects.find(each => each.name === name);
    if (found === undefined) return [`it does not tell of ${name}`];
    return found.sha256 === sha256 ? [] : [`${name}: it says ${found.sha256}, not ${sha256}`];
  });
  const extra = subjects.filter(each => !wanted.some(({ name }) => name === each.name));
  return [...missing, ...extra.map(({ name }) => `it tells of ${name}, which the release does not have`)];
}
