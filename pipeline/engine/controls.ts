/** Control files of packages: read out of the .deb files, and kept as text for plans, which have no files yet. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { field, type ResolvedPackage } from '../debian/stanza.ts';
import { cacheFolders, fixedEnvironment, type Environment } from './environment.ts';
import { BuildFault } from './fault.ts';
import { runProcess } from './run.ts';
import { sandboxArgv } from './sandbox.ts';

type Identity = Pick<ResolvedPackage, 'name' | 'version' | 'architecture'>;

export interface ControlOptions {
  environment: Environment;
  signal: AbortSignal;
  /** Host path of a tree with dpkg-deb; `/` for the host. */
  tree: string;
}

const INSIDE = '/mnt/packages';

/**
 * The control text of each package, by SHA-256, out of `folder`/SHA256.deb, in one process. Throws BuildFault for a file
 * that is another package than is thought.
 */
export async function readControls(
  packages: readonly ResolvedPackage[],
  folder: string,
  { environment, signal, tree }: ControlOptions,
): Promise<Record<string, string>> {
  if (packages.length === 0) return {};
  const sandbox = {
    tree,
    binds: [{ host: folder, inside: INSIDE, writable: false }],
    env: fixedEnvironment(0),
    cwd: '/',
    network: false,
    identities: 'one',
    devices: [],
  } as const;
  // A control file has no line that begins with "--": fields begin with a letter, what follows them with a space.
  const script = `for each; do echo "--$each"; dpkg-deb --field "${INSIDE}/$each.deb" || exit; done`;
  const argv = ['sh', '-c', script, 'sh', ...new Set(packages.map(each => each.sha256))];
  const output = await runProcess(sandboxArgv(sandbox, argv, environment), {
    env: { PATH: environment.path },
    signal,
    title: ['dpkg-deb', '--field'],
  });
  const texts = output.split(/^--(.+)\n/m).slice(1);
  const controls: Record<string, string> = {};
  for (let index = 0; index < texts.length; index += 2) controls[texts[index] ?? ''] = (texts[index + 1] ?? '').trim();
  for (const each of packages) mustBe(each, controls[each.sha256] ?? '');
  await keep(cacheFolders(environment.cache).controls, controls);
  return controls;
}

/** What was kept of a package's control file; '' when that is nothing. */
export async function keptControl(
  { cache }: Pick<Environment, 'cache'>,
  each: Identity & Pick<ResolvedPackage, 'sha256'>,
): Promise<string> {
  const text = await readFile(path.join(cacheFolders(cache).controls, each.sha256), 'utf8').catch(() => '');
  return isOf(each, text) ? text : '';
}

/** Not synced: what a power cut left is known by its missing fields. */
async function keep(folder: string, controls: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [sha256, text] of Object.entries(controls)) {
    const aside = path.join(folder, `${randomUUID()}.tmp`);
    await writeFile(aside, `${text}\n`);
    await rename(aside, path.join(folder, sha256));
  }
}

function mustBe(each: ResolvedPackage, control: string): void {
  if (isOf(each, `${control}\n`)) return;
  throw new BuildFault(
    `${each.sha256}.deb was to be ${each.name} ${each.version} (${each.architecture}), and is ${field(control, 'Package')} ${field(control, 'Version')} (${field(control, 'Architecture')})`,
    'the lock file, or the index of the mirror, is wrong: make it anew',
  );
}

function isOf({ name, version, architecture }: Identity, text: string): boolean {
  const found = [field(text, 'Package'), field(text, 'Version'), field(text, 'Architecture')];
  return text.endsWith('\n') && found.join(' ') === [name, version, architecture].join(' ');
}
