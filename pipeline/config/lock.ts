/** Lock files: the exact packages of all manifests of an image, as text and as a value. */
import { duplicateFaults } from './duplicates.ts';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { compareText, displayPath, faultAt } from './diagnostic.ts';
import { fault, parseDocument } from './document.ts';
import type { Document } from './document.ts';
import { LOCK_FORMAT, lockSchema } from './lock-schema.ts';
import { FOLDERS } from './places.ts';
import { endOf, readText } from './text.ts';
import type { Checked, Diagnostic, Manifest } from './types.ts';
import { compileSchema } from './validate.ts';
import type { Validator } from './validate.ts';

export interface Lock {
  /** Name of the definition's file. */
  image: string;
  /** Absolute. */
  file: string;
  /** By name of the manifest. */
  manifests: Record<string, LockedManifest>;
}

export interface LockedManifest {
  architecture: string;
  suite: string;
  /** lockQuestion of the manifest. */
  question: string;
  /** The packages that the manifest names. */
  asks: string[];
  /** Whose index said so; empty where that was not recorded. */
  sources: LockedSource[];
  /** Sorted by name. */
  packages: LockedPackage[];
}

export interface LockedSource {
  /** Of the mirror, without user and password. */
  url: string;
  suite: string;
  /** Of the InRelease file, whose signature was verified. */
  sha256: string;
  /** Its `Date`. */
  date: string;
}

export interface LockedPackage {
  name: string;
  version: string;
  architecture: string;
  /** Below a mirror, not percent-encoded. */
  path: string;
  bytes: number;
  sha256: string;
}

/** Ends the name of every lock file. */
export const LOCK_SUFFIX = '.lock.yaml';

/** rootfs-manifests/IMAGE.lock.yaml */
export function lockFile(project: string, image: string): string {
  return path.join(path.resolve(project), FOLDERS.manifest, `${image}${LOCK_SUFFIX}`);
}

/**
 * What a manifest asks, as a digest. Mirrors and keyring are not in it: they say where packages come from, and a lock
 * says which they are (decision 0024).
 */
export function lockQuestion({ source, architecture, suite, variant, packages }: Manifest): string {
  return sha256(JSON.stringify([source, architecture, suite, variant, [...packages].sort(compareText)]));
}

/** Equal locks give equal texts: everything in byte order, a package a line. The last line is the digest of all before. */
export function lockText({ image, manifests }: Lock): string {
  const parts = byName(manifests).map(([name, each]) => manifestText(name, each));
  const head = `# The packages of ${image}, made by \`caisson lock ${image}\`. The last line tells when it was changed otherwise.\n`;
  const body = `${head}lock: ${LOCK_FORMAT}\nimage: ${quote(image)}\nmanifests:\n${parts.join('')}`;
  return `${body}digest: ${quote(sha256(body))}\n`;
}

/** Reads and checks a lock file by itself; lockFaults compares it with the image. */
export async function loadLock(file: string): Promise<Checked<Lock> & { document: Document | null }> {
  const { text, fault: unreadable } = await readText(file);
  if (unreadable !== null) return { value: null, faults: [unreadable], document: null };
  return parseLock(text, file);
}

/** As loadLock, for text that is there already. */
export function parseLock(text: string, file: string): Checked<Lock> & { document: Document | null } {
  const nothing = (faults: Diagnostic[]) => ({ value: null, faults, document: null });
  const torn = textFault(text, file);
  if (torn !== null) return nothing([torn]);
  const { document, faults } = parseDocument(text, displayPath(file));
  if (document === null) return nothing(faults);
  validate ??= compileSchema(lockSchema);
  const all = [...faults, ...validate(document).faults];
  if (all.length > 0) return nothing(all);
  const { image, manifests } = document.value as Pick<Lock, 'image' | 'manifests'>;
  const named = path.basename(file) === `${image}${LOCK_SUFFIX}`;
  if (!named)
    return nothing([
      fault(
        document,
        ['image'],
        `is the lock of image "${image}", not of ${path.basename(file, LOCK_SUFFIX)}`,
        wayOut(path.basename(file, LOCK_SUFFIX)),
      ),
    ]);
  const twice = duplicatePackages(document, manifests);
  if (twice.length > 0) return nothing(twice);
  return { value: { image, manifests, file: path.resolve(file) }, faults: [], document };
}

function duplicatePackages(document: Document, manifests: Lock['manifests']): Diagnostic[] {
  return Object.keys(manifests).flatMap(name =>
    duplicateFaults(document, ['manifests', name, 'packages'], { key: ['name'], noun: 'package' }),
  );
}

/** What to do about a lock that cannot be used. */
const wayOut = (image: string): string => `make it anew: caisson lock ${image}`;

let validate: Validator | undefined;

/** An unknown format, a file that ends early, and one that somebody changed, before anything of it is believed. */
function textFault(text: string, file: string): Diagnostic | null {
  const image = path.basename(file, LOCK_SUFFIX);
  const at = (before: string, message: string): Diagnostic =>
    faultAt({ file: displayPath(file), ...endOf(before) }, '', { message, hint: wayOut(image) });
  const format = /^lock: *(.*)$/m.exec(text);
  if (format !== null && format[1] !== String(LOCK_FORMAT) && format[1] !== '')
    return at(
      text.slice(0, format.index + 'lock: '.length),
      `has format ${JSON.stringify(format[1])}, and this caisson reads ${LOCK_FORMAT}`,
    );
  const end = /^digest: "([0-9a-f]{64})"\n$/m.exec(text.slice(text.lastIndexOf('\n', text.length - 2) + 1));
  if (end === null)
    return at(text, 'is no complete lock file: the line `digest: …` that ends one is missing (half written?)');
  const body = text.slice(0, text.length - end[0].length);
  const digest = sha256(body);
  if (end[1] === digest) return null;
  return at(body, `was changed since it was made: its digest says ${end[1]}, and the text before it has ${digest}`);
}

function manifestText(
  name: string,
  { architecture, suite, question, asks, sources, packages }: LockedManifest,
): string {
  const lines = [
    `  ${quote(name)}:`,
    `    architecture: ${quote(architecture)}`,
    `    suite: ${quote(suite)}`,
    `    question: ${quote(question)}`,
    ...listText('asks', [...asks].sort(compareText).map(quote)),
    ...listText(
      'sources',
      sources.map(({ url, suite: of, sha256: digest, date }) => flow({ url, suite: of, sha256: digest, date })),
    ),
    ...listText(
      'packages',
      [...packages]
        .sort((a, b) => compareText(a.name, b.name))
        .map(({ name: own, version, architecture: of, path: at, bytes, sha256: digest }) =>
          flow({ name: own, version, architecture: of, path: at, bytes, sha256: digest }),
        ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function listText(key: string, items: readonly string[]): string[] {
  return items.length === 0 ? [`    ${key}: []`] : [`    ${key}:`, ...items.map(each => `      - ${each}`)];
}

function flow(fields: Readonly<Record<string, string | number>>): string {
  return `{ ${Object.entries(fields)
    .map(([key, value]) => `${key}: ${typeof value === 'number' ? value : quote(value)}`)
    .join(', ')} }`;
}

/** A JSON string is a YAML one; unquoted, a digest of digits alone would be a number. */
const quote = (text: string): string => JSON.stringify(text);

function byName<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => compareText(a, b));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
