/** Overlay trees: overlays/NAME/ with the modes and owners that its overlay.yaml gives. */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { faultAt } from './diagnostic.ts';
import { fault, placeOf, readDocument } from './document.ts';
import type { Document } from './document.ts';
import { globMatcher, type GlobOptions } from '../formats/glob.ts';
import { nearest } from './nearest.ts';
import { overlaySchema } from './overlay-schema.ts';
import { walkTree } from './overlay-walk.ts';
import type { FoundEntry } from './overlay-walk.ts';
import { formatPath, mappingAt } from './paths.ts';
import { absolutePattern } from './schema-words.ts';
import type { Checked, Diagnostic, OverlayEntry, OverlayTree } from './types.ts';
import { compileSchema } from './validate.ts';
import type { Validator } from './validate.ts';

export const OVERLAY_FILE = 'overlay.yaml';
/** `/etc/**` is everything below /etc, and `/etc/**\/x` is /etc/x too. */
const GLOBS: GlobOptions = { skipsFolders: true };

/** An overlay.yaml as written, accepted by its schema. */
export interface OverlayFile {
  defaults?: { file?: string; executable?: string; directory?: string; owner?: string };
  entries?: Record<string, { mode?: string; owner?: string }>;
}

/** Loads overlays/NAME/ by its directory: its entries sorted by path, or everything that is wrong with them. */
export async function loadOverlay(directory: string): Promise<Checked<OverlayTree>> {
  const [tree, rules] = await Promise.all([
    walkTree(directory, OVERLAY_FILE),
    readRules(path.join(directory, OVERLAY_FILE)),
  ]);
  const paths = tree.entries.map(entry => entry.path);
  const unmatched = rules.document === null ? [] : unmatchedFaults(rules.document, paths);
  const faults = [...tree.faults, ...rules.faults, ...unmatched];
  if (faults.length > 0) return { value: null, faults };
  const written = (rules.document?.value ?? {}) as OverlayFile;
  return {
    value: {
      name: path.basename(directory),
      directory,
      entries: tree.entries.map(entry => resolveEntry(entry, written)),
    },
    faults,
  };
}

async function readRules(file: string): Promise<{ document: Document | null; faults: Diagnostic[] }> {
  // A link that leads nowhere is there: its rules would be missed in silence.
  const there = await lstat(file).then(
    () => true,
    () => false,
  );
  if (!there) return { document: null, faults: [] };
  const { document, faults } = await readDocument(file);
  if (document === null) return { document, faults };
  validate ??= compileSchema(overlaySchema);
  return { document, faults: [...faults, ...validate(document).faults, ...ownerFaults(document)] };
}

let validate: Validator | undefined;

/** The numbers that a tar header and every file system here can hold, without the reserved ones at the end. */
function ownerFaults(document: Document): Diagnostic[] {
  const places = [['defaults'], ...Object.keys(mappingAt(document.value, ['entries'])).map(key => ['entries', key])];
  return places.flatMap(place => {
    const { owner } = mappingAt(document.value, place);
    if (typeof owner !== 'string' || !/^\d+:\d+$/.test(owner)) return [];
    if (owner.split(':').every(each => Number(each) <= 65533)) return [];
    return [fault(document, [...place, 'owner'], `"${owner}" is out of range`, 'ids go from 0 to 65533')];
  });
}

function unmatchedFaults(document: Document, paths: readonly string[]): Diagnostic[] {
  const globs = Object.keys(mappingAt(document.value, ['entries']));
  return globs
    .filter(glob => new RegExp(absolutePattern).test(glob) && !paths.some(globMatcher(glob, GLOBS)))
    .map(glob => {
      const place = ['entries', glob];
      const hint = hintFor(glob, paths);
      return faultAt(placeOf(document, place, 'key'), formatPath(place), {
        message: 'matches nothing in this overlay tree',
        hint,
      });
    });
}

function hintFor(glob: string, paths: readonly string[]): string {
  const near = /[*?]/.test(glob) ? null : nearest(glob, paths);
  return near === null ? '' : `did you mean "${near}"?`;
}

/** Git keeps nothing of a mode but the owner's x bit; the umask of whoever checked out must not matter. */
function resolveEntry(found: FoundEntry, written: OverlayFile): OverlayEntry {
  const { executable, ...entry } = found;
  const defaults = { file: '0644', executable: '0755', directory: '0755', owner: '0:0', ...written.defaults };
  const kind = entry.type === 'directory' ? 'directory' : executable ? 'executable' : 'file';
  let mode = defaults[kind];
  let owner = defaults.owner;
  for (const [glob, rule] of Object.entries(written.entries ?? {})) {
    if (!globMatcher(glob, GLOBS)(entry.path)) continue;
    mode = rule.mode ?? mode;
    owner = rule.owner ?? owner;
  }
  const [uid, gid] = owner.split(':').map(Number);
  return { ...entry, mode: entry.type === 'symlink' ? 0o777 : Number.parseInt(mode, 8), uid: uid ?? 0, gid: gid ?? 0 };
}
