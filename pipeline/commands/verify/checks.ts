/** All that is checked of a release, in the order of the report. A check costs one file here, and one line. */
import path from 'node:path';
import { ConfigFault } from '../../config/diagnostic.ts';
import { ProcessFailure } from '../../engine/run.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { Check } from '../../formats/verification.ts';
import { plainText } from '../../report/text.ts';
import { UsageFault } from '../context.ts';
import { checkBundle } from './check-bundle.ts';
import { checkContents } from './check-contents.ts';
import { checkDisk } from './check-disk.ts';
import { checkFiles } from './check-files.ts';
import { checkPackages } from './check-packages.ts';
import { checkPcrs } from './check-pcrs.ts';
import { checkPrograms } from './check-programs.ts';
import { checkProvenance } from './check-provenance.ts';
import { checkRecord } from './check-record.ts';
import { checkRoot } from './check-root.ts';
import { checkSignature } from './check-signature.ts';
import type { Findings } from './findings.ts';
import type { ReleaseFolder } from './release-folder.ts';
import type { DocumentSubject, Subject } from './subject.ts';

type CheckOf = (subject: Subject) => Promise<Findings>;

const CHECKS: Readonly<Record<string, CheckOf>> = {
  signature: checkSignature,
  files: checkFiles,
  'build.json': checkRecord,
  provenance: checkProvenance,
  disk: checkDisk,
  root: checkRoot,
  'signed programs': checkPrograms,
  PCRs: checkPcrs,
  bundle: checkBundle,
  packages: checkPackages,
  contents: checkContents,
};

/** Each is tried, whatever the others found. */
export async function runChecks(subject: Subject): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    subject.context.signal.throwIfAborted();
    checks.push(checkOf(name, await check(subject).catch(inFolder(subject.release))));
  }
  return checks;
}

/** What can be told of a release without a build.json: the fault of that is one of a check. */
export async function runDocumentChecks(subject: DocumentSubject, record: FormatFault): Promise<Check[]> {
  const caught = inFolder(subject.release);
  return [
    checkOf('signature', await checkSignature(subject).catch(caught)),
    checkOf('files', await checkFiles(subject).catch(caught)),
    checkOf('build.json', { evidence: '', faults: [record.message] }),
  ];
}

function checkOf(name: string, findings: Findings): Check {
  if (findings === null) return { name, result: 'none', evidence: 'the release has none', faults: [] };
  const faults = [...new Set(findings.faults)].map(plainText);
  return { name, result: faults.length === 0 ? 'ok' : 'fault', evidence: plainText(findings.evidence), faults };
}

const inFolder =
  ({ at }: Pick<ReleaseFolder, 'at'>) =>
  (error: unknown): Findings =>
    findingsOf(error, at(''));

/** Of a path, not of the machine. */
const UNREADABLE = ['ENOENT', 'EISDIR', 'ENOTDIR', 'EACCES', 'ELOOP', 'EIO'];

/** What cannot be read is at fault; a full disk, or a bug, is not the release's. `folder`: of the release. */
export function findingsOf(error: unknown, folder: string): Findings {
  const { code = '', path: file = '', syscall = '' } = (error ?? {}) as NodeJS.ErrnoException;
  if (UNREADABLE.includes(code) && (isInside(folder, file) || (file === '' && syscall === 'read')))
    return { evidence: '', faults: [`${path.basename(file) || 'a file'} cannot be read (${code})`] };
  if (error instanceof ProcessFailure)
    return { evidence: '', faults: [`${error.message}${error.output.length === 0 ? '' : `: ${error.output.at(-1)}`}`] };
  if (error instanceof FormatFault || error instanceof UsageFault || error instanceof ConfigFault)
    return { evidence: '', faults: [error.message] };
  throw error;
}

const isInside = (folder: string, file: string): boolean =>
  file !== '' && path.resolve(file).startsWith(`${path.resolve(folder)}${path.sep}`);
