/** caisson keys new: keys for Secure Boot to try with, the files that give them to firmware, and keys of updates and releases. */
import { randomUUID, X509Certificate } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { withCache } from '../engine/cache.ts';
import { codeOf, sync } from '../engine/files.ts';
import { drawFields } from '../report/fields.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { ENROLMENT_FILES, KEY_NAMES, makeEnrolmentFiles } from './keys/enrolment.ts';
import { makeReleaseFiles, RELEASE_FILES, RELEASE_KEY_NAME } from './keys/release.ts';
import { makeUpdateFiles, UPDATE_FILES, UPDATE_KEY_NAMES } from './keys/update.ts';
import { withPartFolder } from './new-files.ts';
import { toolsTree } from './tools-tree.ts';

export interface NewKeysOptions {
  /** The folder to make. */
  folder: string;
  /** Whose keys they are. */
  name: string;
}

/** A common name has 64 characters at the most (RFC 5280, ub-common-name); " update authority" is ours. */
const NAME = /^[^\p{C}]{1,47}$/u;

const FILES = [...ENROLMENT_FILES, ...UPDATE_FILES, ...RELEASE_FILES];

export async function newKeys(context: CommandContext, { folder, name }: NewKeysOptions): Promise<ExitCode> {
  if (!NAME.test(name) || name.trim() !== name || name === '')
    throw new UsageFault(`"${name}" is no name for keys`, 'write 1 to 47 characters, e.g. --name "Example Ltd"');
  await mustBeFree(folder);
  const owner = randomUUID();
  await withCache(context, async () => {
    const { environment, signal } = context;
    const tools = { environment, signal, tools: await toolsTree(context, null) };
    await withPartFolder(context, folder, async part => {
      const made = path.join(part.folder, 'keys');
      await mkdir(made, { mode: 0o700 });
      await makeEnrolmentFiles(made, { tools, name, owner });
      await makeUpdateFiles(made, { tools, name });
      await makeReleaseFiles(made, { tools, name });
      for (const file of FILES) await sync(path.join(made, file));
      await sync(made);
      signal.throwIfAborted();
      // Takes the place of an empty folder too, and of nothing else.
      await rename(made, folder).catch(error => {
        throw ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(codeOf(error)) ? occupied(folder) : error;
      });
      await sync(path.dirname(path.resolve(folder)));
    });
  });
  await tell(context, { folder, owner });
  return 0;
}

async function mustBeFree(folder: string): Promise<void> {
  const parent = path.dirname(path.resolve(folder));
  if ((await stat(parent).catch(() => null))?.isDirectory() !== true)
    throw new UsageFault(`${parent} is no folder`, 'make it first, or name another one');
  const found = await lstat(folder).catch(() => null);
  if (found === null) return;
  if (!found.isDirectory() || (await readdir(folder)).length > 0) throw occupied(folder);
}

function occupied(folder: string): UsageFault {
  return new UsageFault(
    `${folder} is there already, and not an empty folder`,
    'name another one: keys are never replaced',
  );
}

async function tell(context: CommandContext, { folder, owner }: { folder: string; owner: string }): Promise<void> {
  const certificates = await Promise.all(
    [...KEY_NAMES, ...UPDATE_KEY_NAMES, RELEASE_KEY_NAME].map(async name => ({
      name,
      x509: new X509Certificate(await readFile(path.join(folder, `${name}.crt`))),
    })),
  );
  const signing = { key: path.join(folder, 'db.key'), certificate: path.join(folder, 'db.crt') };
  const updates = {
    keyring: path.join(folder, 'update-ca.crt'),
    signing: { key: path.join(folder, 'update.key'), certificate: path.join(folder, 'update.crt') },
  };
  const release = { key: path.join(folder, 'release.key'), certificate: path.join(folder, 'release.crt') };
  if (context.json) {
    const described = certificates.map(({ name, x509 }) => ({
      name,
      subject: x509.subject.split('\n'),
      sha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
      from: new Date(x509.validFrom).toISOString(),
      to: new Date(x509.validTo).toISOString(),
    }));
    const document = { folder, owner, files: FILES, certificates: described, signing, updates, release };
    context.print(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const fields: [string, string][] = [
    ...certificates.map(({ name, x509 }): [string, string] => [
      name,
      `sha256 ${x509.fingerprint256.replaceAll(':', '').toLowerCase()}`,
    ]),
    ['owner', owner],
  ];
  context.print(
    [
      `Keys for Secure Boot, updates and releases in ${folder}, to try with: they lie there unprotected but for the mode of their files.`,
      ...drawFields(fields, { width: context.width ?? 120, color: context.color }),
      '',
      'In the image definition:',
      '  signing:',
      `    key: ${JSON.stringify(path.resolve(signing.key))}`,
      `    certificate: ${JSON.stringify(path.resolve(signing.certificate))}`,
      '  updates:',
      `    keyring: ${JSON.stringify(path.resolve(updates.keyring))}`,
      '    signing:',
      `      key: ${JSON.stringify(path.resolve(updates.signing.key))}`,
      `      certificate: ${JSON.stringify(path.resolve(updates.signing.certificate))}`,
      '  release:',
      `    key: ${JSON.stringify(path.resolve(release.key))}`,
      `    certificate: ${JSON.stringify(path.resolve(release.certificate))}`,
      '',
      'A VM that has these keys and no others:',
      `  caisson boot IMAGE --secure-boot ${folder}`,
      'A machine: docs/SIGNING.md',
      '',
    ].join('\n'),
  );
}
