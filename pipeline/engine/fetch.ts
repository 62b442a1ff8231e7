/** Runs of apt-helper(1): what they fetch, when they are stopped, and what their failures mean to a person. */
import { fetchFailures, type FetchFailure, type Patience } from '../debian/apt.ts';
import type { ResolvedPackage } from '../debian/stanza.ts';
import { BuildFault } from './fault.ts';
import { WORKPLACE, type Programs } from './programs.ts';

export interface FetchOptions {
  /** Host directory that gets SHA256.deb of each package. */
  directory: string;
  programs: Programs;
  patience: Patience;
  signal: AbortSignal;
  onProgress: (fraction: number, detail: string) => void;
}

/**
 * Fetches packages and returns null, or what failed (`explain` makes a fault of it); the files of such a run need
 * checking. A wrong digest may be the fault of a cache on the way, so those are asked for once more, past all caches.
 * Throws the reason of `signal`.
 */
export async function runFetch(packages: readonly ResolvedPackage[], options: FetchOptions): Promise<Failed | null> {
  const first = await attempt(packages, options, []);
  if (first === null) return null;
  const wrong = packages.filter(({ uri }) => first.failures.some(each => each.what === uri && isWrongDigest(each)));
  if (wrong.length === 0) return first;
  const second = await attempt(wrong, options, ['-oAcquire::http::No-Cache=true']);
  const others = first.failures.filter(each => !isWrongDigest(each));
  if (second === null && others.length === 0) return null;
  return { error: (second ?? first).error, failures: [...(second?.failures ?? []), ...others] };
}

export interface Failed {
  /** Of the program. */
  error: unknown;
  failures: FetchFailure[];
}

async function attempt(
  packages: readonly ResolvedPackage[],
  { directory, programs, patience, signal, onProgress }: FetchOptions,
  settings: readonly string[],
): Promise<Failed | null> {
  const argv = [
    '/usr/lib/apt/apt-helper',
    '-q',
    '-oAPT::Sandbox::User=root',
    ...patience.map(([name, value]) => `-o${name}=${value}`),
    ...settings,
    'download-file',
    ...packages.flatMap(each => [each.uri, `${WORKPLACE}/${each.sha256}.deb`, `SHA256:${each.sha256}`]),
  ];
  const lines: string[] = [];
  const silence = new AbortController();
  let seen = 0;
  const onLine = (line: string): void => {
    lines.push(line);
    if (line.startsWith('Get:')) seen = Math.min(seen + 1, packages.length);
    if (line.startsWith('Get:')) onProgress(seen / packages.length, `${seen} of ${packages.length} packages`);
    if (line.startsWith('Ign:'))
      onProgress(seen / packages.length, `trying again: ${withoutPassword(line.replace(/^Ign:\d+ /, ''))}`);
    // A mirror that hangs would be asked for every other package too, each with all its tries and time-outs.
    if (fetchFailures(lines).some(isSilence)) silence.abort(new Error('the mirror does not answer'));
  };
  try {
    await programs.run(argv, { directory, signal: AbortSignal.any([signal, silence.signal]), onLine });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return { error, failures: fetchFailures(lines) };
  }
}

/** What came was another file. */
export function isWrongDigest({ reason }: FetchFailure): boolean {
  return /^Hash Sum mismatch|^File has unexpected size/.test(reason);
}

function isSilence({ reason }: FetchFailure): boolean {
  return /timed out|Connection failed|Could not connect|Could not resolve|Temporary failure resolving/i.test(reason);
}

/** One fault, with package, URI and digest, for the first that failed; a program that failed otherwise speaks for itself. */
export function explain({ error, failures }: Failed, packages: readonly ResolvedPackage[]): unknown {
  const rows = failures.flatMap(failure => {
    const found = packages.find(each => each.uri === failure.what);
    return found === undefined ? [] : [{ ...found, failure }];
  });
  const [row] = rows;
  if (row === undefined) return error;
  const { name, version, sha256, failure } = row;
  const uri = withoutPassword(row.uri);
  const more = rows.length === 1 ? '' : ` (so did ${rows.length - 1} more)`;
  if (isWrongDigest(failure))
    return new BuildFault(
      `${name} ${version}: ${uri} has ${failure.received === null ? 'another digest' : `SHA-256 ${failure.received}`}, the mirror's index says ${sha256}${more}`,
      'the mirror, or a proxy on the way, is out of step or was tampered with: try another mirror, or --update',
    );
  if (/^404\b/.test(failure.reason))
    return new BuildFault(
      `${name} ${version} (SHA-256 ${sha256}) is no longer at ${uri}${more}`,
      'the mirror has a newer one: build with --update',
    );
  return new BuildFault(
    `${name} ${version} (SHA-256 ${sha256}) could not be fetched from ${uri}: ${failure.reason}${more}`,
    'is the mirror in the manifest reachable? What was fetched so far is not lost',
  );
}

/** For messages and records: of every URL in the text. A password may have an @ of its own: the last one ends it. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/(\w+:\/\/)[^/\s]*@/g, '$1');
}
