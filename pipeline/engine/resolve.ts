/** Which packages, in which versions, a manifest means today: asked of apt once, recorded, and reused until --update. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  APT_FOLDERS,
  aptConfiguration,
  fetchFailures,
  HELD,
  heldIndex,
  heldPreferences,
  heldSource,
  KEYRING,
  missingPackage,
  printedUris,
  sourcesList,
  wantedPackages,
} from '../debian/apt.ts';
import { field, splitStanzas, type ResolvedPackage } from '../debian/stanza.ts';
import type { LockedSource } from '../config/lock.ts';
import type { Manifest } from '../config/types.ts';
import { indexesOf } from './indexes.ts';
import { BuildFault, PackageFault } from './fault.ts';
import { WORKPLACE, type Programs } from './programs.ts';
import { ProcessFailure } from './run.ts';
import { replaceFile } from './files.ts';
import { decodedUri } from './uri.ts';

export interface Resolution {
  manifest: string;
  /** Digest of the manifest's part that apt is asked about. */
  question: string;
  /** Digest of the answer: name, version, architecture and SHA-256 of every package. */
  digest: string;
  packages: ResolvedPackage[];
  /** The indexes that apt was told this by, their signatures verified; empty where an older record does not say. */
  sources: LockedSource[];
  /** Where a lock file said so; null when apt did, and each package is where its URI says. */
  locked: LockedPlaces | null;
}

export interface LockedPlaces {
  /** As a person would type it. */
  file: string;
  /** URLs of the manifest's mirrors; any of them may have a package. */
  mirrors: readonly string[];
}

/** As kept in the cache; older versions did not keep `sources`. */
type Recorded = Omit<Resolution, 'locked' | 'sources'> & Partial<Pick<Resolution, 'sources'>>;

/** The recorded resolution of a manifest; null when there is none for what it asks today. */
export async function recordedResolution(folder: string, manifest: Manifest): Promise<Resolution | null> {
  try {
    const record = JSON.parse(await readFile(recordFile(folder, manifest), 'utf8')) as Recorded;
    return record.question === questionOf(manifest) ? { sources: [], ...record, locked: null } : null;
  } catch {
    return null;
  }
}

/**
 * Asks apt, with the manifest's mirrors and keyring alone, what an empty system would get, and records the answer.
 * Throws PackageFault for a package the mirrors do not have, ProcessFailure for anything else apt refuses.
 */
export async function resolvePackages(
  manifest: Manifest,
  options: AptOptions & { resolutions: string },
): Promise<Resolution> {
  const resolution = await askApt(manifest, { ...options, held: [] });
  await mkdir(options.resolutions, { recursive: true });
  const { locked: _, ...record } = resolution;
  await replaceFile(recordFile(options.resolutions, manifest), `${JSON.stringify(record, null, 1)}\n`);
  return resolution;
}

export interface AptOptions {
  /** Folder for apt's lists. */
  apt: string;
  programs: Programs;
  signal: AbortSignal;
}

/** As resolvePackages, without a record. `held`: packages that stay at their version as long as apt can do it. */
export async function askApt(
  manifest: Manifest,
  options: AptOptions & { held: readonly ResolvedPackage[] },
): Promise<Resolution> {
  const { programs, signal, held } = options;
  const directory = path.join(options.apt, sourcesDigest(manifest));
  await prepareApt(directory, manifest, held);
  const apt = (argv: string[]): Promise<string> =>
    programs.run(argv, { directory, signal, env: { APT_CONFIG: `${WORKPLACE}/apt.conf` } });
  await apt(['apt-get', '--quiet', '--error-on=any', 'update']).catch(error => {
    throw unreachable(error, manifest);
  });
  const uris = printedUris(
    await apt(['apt-get', 'install', '--print-uris', '-qq', '-y', ...wantedPackages(manifest)]).catch(async error => {
      throw await explain(error, manifest, () => apt(['apt-cache', 'pkgnames']));
    }),
  );
  const names = uris.map(uri => decodedUri(uri.slice(uri.lastIndexOf('/') + 1)).split('_', 1)[0] ?? '');
  // A file name leaves the epoch out, so ask by name and keep the stanza whose Filename ends the URI.
  const stanzas = splitStanzas(await apt(['apt-cache', 'show', ...names]));
  const packages = uris.map(uri => resolved(uri, stanzas)).sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    manifest: manifest.name,
    question: questionOf(manifest),
    digest: listDigest(packages),
    packages,
    sources: await indexesOf(manifest, path.join(directory, 'state/lists')),
    locked: null,
  };
}

function recordFile(folder: string, manifest: Manifest): string {
  return path.join(folder, `${manifest.name}-${questionOf(manifest).slice(0, 16)}.json`);
}

function questionOf(manifest: Manifest): string {
  const { source, architecture, suite, components, mirrors, keyring, variant, packages } = manifest;
  return sha256(JSON.stringify({ source, architecture, suite, components, mirrors, keyring, variant, packages }));
}

/** Manifests with the same sources share apt's lists. */
function sourcesDigest(manifest: Manifest): string {
  return sha256(sourcesList(manifest) + manifest.keyring).slice(0, 16);
}

/** What a resolution is, whoever said so. */
export function listDigest(packages: readonly Omit<ResolvedPackage, 'stanza' | 'uri'>[]): string {
  return sha256(
    JSON.stringify(
      packages.map(({ name, version, architecture, sha256: digest }) => [name, version, architecture, digest]),
    ),
  );
}

async function prepareApt(directory: string, manifest: Manifest, held: readonly ResolvedPackage[]): Promise<void> {
  for (const folder of APT_FOLDERS) await mkdir(path.join(directory, folder), { recursive: true });
  await writeFile(path.join(directory, 'status'), '');
  // apt may run in a tree that does not have the file.
  await copyFile(manifest.keyring, path.join(directory, KEYRING)).catch(error => {
    throw new BuildFault(
      `the keyring ${manifest.keyring} cannot be read: ${(error as Error).message}`,
      'install it (Debian: apt-get install debian-archive-keyring) or name another in the manifest',
    );
  });
  await writeFile(path.join(directory, 'sources.list'), sourcesList(manifest) + heldSource(held, WORKPLACE));
  await mkdir(path.join(directory, HELD), { recursive: true });
  await writeFile(path.join(directory, HELD, 'Packages'), heldIndex(held));
  await writeFile(path.join(directory, 'etc/preferences'), heldPreferences(held));
  await writeFile(path.join(directory, 'apt.conf'), aptConfiguration(manifest, WORKPLACE));
}

function resolved(uri: string, stanzas: readonly string[]): ResolvedPackage {
  const plain = decodedUri(uri);
  const stanza = stanzas.find(each => plain.endsWith(`/${field(each, 'Filename')}`));
  if (stanza === undefined) throw new Error(`apt means to fetch ${uri}, but apt-cache shows no package with that file`);
  return {
    name: field(stanza, 'Package'),
    version: field(stanza, 'Version'),
    architecture: field(stanza, 'Architecture'),
    uri,
    bytes: Number(field(stanza, 'Size')),
    sha256: field(stanza, 'SHA256'),
    stanza: stanza.replace(/^Filename:.*\n?/m, '').trimEnd(),
  };
}

/** The mirror's index could not be had; what apt says of signatures and dates is passed on as it is. */
function unreachable(error: unknown, manifest: Manifest): unknown {
  if (!(error instanceof ProcessFailure)) return error;
  const [failure] = fetchFailures(error.output);
  if (failure === undefined) return error;
  return new BuildFault(
    `rootfs-manifests/${manifest.name}.yaml: the index of its mirror could not be fetched: ${failure.what}: ${failure.reason}`,
    'is the mirror right and reachable? A build whose packages are known needs none: leave out --update',
  );
}

async function explain(error: unknown, manifest: Manifest, names: () => Promise<string>): Promise<unknown> {
  const name = error instanceof ProcessFailure ? missingPackage(error.output) : null;
  return name === null ? error : new PackageFault(manifest, name, (await names()).split('\n'));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
