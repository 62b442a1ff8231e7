/** The key of releases: signs what `caisson release` makes. Made in the tools tree. */
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { toolRunner, WORK, type ToolOptions } from '../../engine/tool-runner.ts';
import { requestArgs, subjectOf, VALIDITY } from './request.ts';

export interface ReleaseKeyOptions {
  tools: Omit<ToolOptions, 'epoch' | 'work'>;
  /** Whose key it is, for its name. */
  name: string;
}

export const RELEASE_KEY_NAME = 'release';

/** All files that are made. */
export const RELEASE_FILES: readonly string[] = [`${RELEASE_KEY_NAME}.key`, `${RELEASE_KEY_NAME}.crt`];

/** Releases are checked for as long as they are in use. */
const BITS = 3072;

/** Who checks a release trusts this key itself: no authority, and nothing but signatures. */
const EXTENSIONS = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];

/** Fills the host folder `folder` with RELEASE_FILES. Throws ProcessFailure. */
export async function makeReleaseFiles(folder: string, { tools, name }: ReleaseKeyOptions): Promise<void> {
  const epoch = Date.parse(VALIDITY.from) / 1000;
  const run = toolRunner({ ...tools, work: folder, epoch }, { binds: [], log: null });
  const request = { subject: subjectOf(name, 'releases'), bits: BITS, extensions: EXTENSIONS, issuer: null };
  await run('openssl', requestArgs(`${WORK}/${RELEASE_KEY_NAME}`, request));
  for (const file of RELEASE_FILES) await chmod(path.join(folder, file), file.endsWith('.key') ? 0o600 : 0o644);
}
