/** Configuration of an apt that knows nothing of the machine it runs on; see apt.conf(5) and sources.list(5). */
import type { Manifest } from '../config/types.ts';
import { indexStanza, type ResolvedPackage } from './stanza.ts';

/** sources.list of a manifest: every mirror with its suites. */
export function sourcesList(manifest: Manifest): string {
  return manifest.mirrors
    .flatMap(({ url, suites }) =>
      suites.map(suite => `deb [arch=${manifest.architecture}] ${url} ${suite} ${manifest.components.join(' ')}\n`),
    )
    .join('');
}

/** Folder of the index of packages that are held, below apt's own. */
export const HELD = 'held';

/** The line of sources.list that names it; none without packages. Its signature is the lock's. */
export function heldSource(held: readonly ResolvedPackage[], directory: string): string {
  return held.length === 0 ? '' : `deb [trusted=yes] copy:${directory}/${HELD} ./\n`;
}

/** Its Packages file: versions that mirrors no longer have can be held too. Those without control text cannot. */
export function heldIndex(held: readonly ResolvedPackage[]): string {
  return held
    .filter(each => each.stanza !== '')
    .map(each => `${indexStanza(each.stanza, each)}\nFilename: ${fileName(each)}\n`)
    .join('\n');
}

/** apt_preferences(5): above 1000 a version is taken though it is older than others. */
export function heldPreferences(held: readonly ResolvedPackage[]): string {
  return held.map(({ name, version }) => `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`).join('\n');
}

function fileName({ name, version, architecture }: ResolvedPackage): string {
  return `./${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`;
}

/** apt.conf with all state below `directory` (as the programs see it) and only the manifest's keyring trusted. */
export function aptConfiguration(manifest: Manifest, directory: string): string {
  const settings: Record<string, string> = {
    'APT::Architecture': manifest.architecture,
    'APT::Architectures': manifest.architecture,
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
    // apt counts itself as essential unless told otherwise.
    'pkgCacheGen::ForceEssential': ',',
    'Acquire::Languages': 'none',
    ...Object.fromEntries(PATIENCE),
    'Debug::NoLocking': 'true',
    Dir: directory,
    'Dir::State': `${directory}/state`,
    'Dir::State::status': `${directory}/status`,
    'Dir::Cache': `${directory}/cache`,
    'Dir::Etc': `${directory}/etc`,
    'Dir::Etc::SourceList': `${directory}/sources.list`,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Trusted': `${directory}/${KEYRING}`,
    'Dir::Etc::TrustedParts': '/dev/null',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} "${value}";\n`)
    .join('');
}

/** Settings of apt that say how often and how long it tries, by their names in apt.conf(5). */
export type Patience = readonly (readonly [string, string])[];

/**
 * apt tries again what may come right: refused and cut connections, time-outs, 5xx. A mirror that accepts and then
 * says nothing takes two time-outs a try.
 */
export const PATIENCE: Patience = [
  ['Acquire::Retries', '2'],
  ['Acquire::http::Timeout', '15'],
  ['Acquire::https::Timeout', '15'],
];

/** Name of the copy of the manifest's keyring. */
export const KEYRING = 'keyring.gpg';

/** Directories and files that must exist below `directory` before apt runs. */
export const APT_FOLDERS = [
  'state/lists/partial',
  'cache/archives/partial',
  'etc/apt.conf.d',
  'etc/preferences.d',
] as const;

/** What `apt-get install` is asked for: the manifest's packages and, for a complete system, Debian's Essential ones. */
export function wantedPackages(manifest: Manifest): string[] {
  return [...(manifest.variant === 'essential' ? ['?essential'] : []), ...manifest.packages];
}

/** Output of `apt-get install --print-uris` -> the URIs, percent-encoded as printed. */
export function printedUris(output: string): string[] {
  return output.split('\n').flatMap(line => /^'([^']+)' \S+\.deb \d+/.exec(line)?.[1] ?? []);
}

/** The name apt could not find, from its error output; null when it failed for another reason. */
export function missingPackage(output: readonly string[]): string | null {
  for (const line of output) {
    const match = /E: (?:Unable to locate package (\S+)|Package '([^']+)' has no installation candidate)/.exec(line);
    if (match !== null) return match[1] ?? match[2] ?? null;
  }
  return null;
}

/** Names that relations of other packages could not be met by, from apt's error output, whichever solver wrote it. */
export function unmetPackages(output: readonly string[]): string[] {
  const relation = /\b(?:Pre-Depends|Depends|Breaks|Conflicts):? ([a-z0-9][a-z0-9+.-]*)/g;
  return [...new Set(output.flatMap(line => [...line.matchAll(relation)].map(match => match[1] ?? '')))];
}

/** What apt could not fetch. `what`: the URI of a file, or mirror, suite and index. */
export interface FetchFailure {
  what: string;
  reason: string;
  /** SHA-256 of what came instead; null when nothing did, or when that was not the trouble. */
  received: string | null;
}

/** Output of apt-get update or apt-helper download-file -> what failed for good (`Err:` and the lines below it). */
export function fetchFailures(lines: readonly string[]): FetchFailure[] {
  const failures: FetchFailure[] = [];
  let current: FetchFailure | null = null;
  let inReceived = false;
  for (const line of lines) {
    const what = /^Err:\d+ (.+?)\s*$/.exec(line)?.[1];
    if (what !== undefined) {
      current = { what, reason: '', received: null };
      failures.push(current);
      inReceived = false;
    } else if (current !== null && /^\s/.test(line)) {
      const text = line.trim().replace(/ \[IP: [^\]]*\]$/, '');
      if (current.reason === '') current.reason = text;
      inReceived = text.startsWith('Hashes of') ? text.startsWith('Hashes of received') : inReceived;
      if (inReceived) current.received ??= /^- SHA256:([0-9a-f]{64})/.exec(text)?.[1] ?? null;
    } else if (current !== null) {
      if (current.reason === '') current.reason = 'no reason given';
      // Lines of the next file; an indented one after them is not ours.
      current = null;
    }
  }
  return failures;
}
