/** The manifest of an update bundle, as RAUC reads it (docs/reference.rst of RAUC 1.13, "Manifest"): groups of keys. */
import type { Bytes } from './bytes.ts';
import type { Digested } from './slot-delta.ts';

/** A file of the bundle. */
export interface BundleFile {
  /** Content of the layout, and so class of slots. */
  content: string;
  file: string;
  sha256: string;
  bytes: Bytes;
}

export interface BundleManifest {
  compatible: string;
  version: string;
  /** Empty for none. */
  description: string;
  /** Seconds since 1970. */
  epoch: number;
  verity: { hash: string; salt: string; bytes: Bytes };
  /** In the order in which they are installed. */
  images: readonly BundleFile[];
  /** What goes to the partitions of the selector; null for none. */
  selector: BundleFile | null;
  /** Root hash of the root file system; empty for one without hash tree. */
  rootHash: string;
  downgrade: 'refuse' | 'allow';
  /** Null: the images are what the slots will hold. */
  delta: BundleDelta | null;
}

/** What a bundle says that holds the differences from an earlier version: each image is a file as slot-delta.ts tells. */
export interface BundleDelta {
  /** The version that must run. */
  from: string;
  /** File name of the bundle that holds all, for machines on which another version runs. */
  full: string;
  /** File of the bundle that RAUC runs in place of writing the image. */
  hook: string;
  /** Of each image, by content. */
  slots: Readonly<Record<string, { base: Digested; result: Digested }>>;
}

type Groups = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** RAUC refuses keys that it does not know; `meta.caisson` is ours, and reaches the handlers in the machine. */
export function encodeBundleManifest(manifest: BundleManifest): string {
  const { compatible, version, description, epoch, verity, images, selector, rootHash, downgrade, delta } = manifest;
  const groups: Groups = {
    update: {
      compatible,
      version,
      ...(description === '' ? {} : { description }),
      build: new Date(epoch * 1000).toISOString().replace('.000Z', 'Z'),
    },
    bundle: {
      format: 'verity',
      'verity-hash': verity.hash,
      'verity-salt': verity.salt,
      'verity-size': String(verity.bytes),
    },
    ...(delta === null ? {} : { hooks: { filename: delta.hook } }),
    ...Object.fromEntries(
      images.map(({ content, file, sha256, bytes }) => [
        `image.${content}`,
        { filename: file, sha256, size: String(bytes), ...(delta === null ? {} : { hooks: 'install' }) },
      ]),
    ),
    'meta.caisson': {
      version,
      downgrade,
      ...(rootHash === '' ? {} : { 'root-hash': rootHash }),
      ...Object.fromEntries(
        images.map(({ content, bytes }) => [
          `size-${content}`,
          String(delta === null ? bytes : delta.slots[content]?.result.bytes),
        ]),
      ),
      ...(selector === null
        ? {}
        : {
            selector: selector.file,
            'selector-sha256': selector.sha256,
            'selector-size': String(selector.bytes),
          }),
    },
    ...(delta === null ? {} : { 'meta.caisson-delta': deltaKeys(delta) }),
  };
  return Object.entries(groups)
    .map(([name, keys]) => `[${name}]\n${lines(keys)}`)
    .join('\n');
}

function deltaKeys({ from, full, slots }: BundleDelta): Record<string, string> {
  const keys = Object.entries(slots).flatMap(([content, { base, result }]) => [
    [`base-size-${content}`, String(base.bytes)],
    [`base-sha256-${content}`, base.sha256],
    [`sha256-${content}`, result.sha256],
  ]);
  return { from, full, ...Object.fromEntries(keys) };
}

/** Values as GLib's key files hold them: backslashes are escapes, blanks at the start are lost, a line is a value. */
function lines(keys: Readonly<Record<string, string>>): string {
  return Object.entries(keys)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\').replace(/^ /, '\\s')}\n`)
    .join('');
}
