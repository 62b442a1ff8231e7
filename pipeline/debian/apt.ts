/** Configuration of an apt that knows nothing of the machine it runs on; see apt.conf(5) and sources.list(5). */
import type { Manifest } from '../config/types.ts';

/** sources.list of a manifest: every mirror with its suites. */
export function sourcesList(manifest: Manifest): string {
  return manifest.mirrors
    .flatMap(({ url, suites }) =>
      suites.map(suite => `deb [arch=${manifest.architecture}] ${url} ${suite} ${manifest.components.join(' ')}\n`),
    )
    .join('');
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
    'Acquire::Retries': '3',
    'Acquire::http::Timeout': '30',
    'Acquire::https::Timeout': '30',
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
