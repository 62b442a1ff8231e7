/**
 * The documents of a project: as written in YAML (`…File`) and as the rest of Caisson reads them (every default
 * filled in, every size a number). `layout.ts`, `manifest.ts` and `image.ts` turn the first into the second.
 */
import type { Bytes } from '../formats/bytes.ts';
import type { DeclaredOverlays, DeclaredSsh, Firewall, Switch } from '../formats/declaration.ts';

/** A place in a file that a person can jump to; line and col count from 1. */
export interface Position {
  file: string;
  line: number;
  col: number;
}

/** One fault of the user's: where, which value, what is allowed, and the way out. */
export interface Diagnostic {
  position: Position;
  /** Dotted path inside the document, e.g. `partitions[1].size`; empty for the document as a whole. */
  path: string;
  message: string;
  hint?: string;
}

export type Filesystem = 'vfat' | 'ext4' | 'erofs' | 'squashfs' | 'none';
export type Slot = 'A' | 'B';

export interface Partition {
  /** GPT partition number, from 1, in the order of the file. */
  number: number;
  /** GPT name, <= 36 UTF-16 units. */
  name: string;
  /** What the disk stage puts here; both slots of a pair name the same content. */
  content: string;
  slot: Slot | null;
  start: Bytes;
  /** start + size; half open. */
  end: Bytes;
  size: Bytes;
  /** Partition type GUID, lower case. */
  type: string;
  /** GPT attribute bits 0-63 that are set. */
  attributes: number[];
  filesystem: Filesystem;
  /** File system label; empty for none. */
  label: string;
  /** Where the running system mounts it; empty for nowhere. */
  mount: string;
  mountFlags: string[];
  grow: boolean;
  /** Room that a build must leave free in it, for updates to come; 0 for none. */
  reserve: Bytes;
  /** False for those that the layout names under `empty`: a new image carries nothing there. */
  filled: boolean;
}

/** Directories that are writable in the running system: overlayfs with its upper layer on one partition. */
export type Overlays = DeclaredOverlays;

export interface Layout {
  name: string;
  file: string;
  size: Bytes;
  /** Logical sector, 512 or 4096. */
  sectorSize: Bytes;
  physicalSectorSize: Bytes;
  alignment: Bytes;
  partitions: Partition[];
  overlays: Overlays | null;
}

export interface Mirror {
  url: string;
  suites: string[];
}

export interface User {
  name: string;
  uid: number;
  gid: number;
  gecos: string;
  home: string;
  shell: string;
}

export interface Group {
  name: string;
  gid: number;
  members: string[];
}

export interface Manifest {
  name: string;
  file: string;
  /** Files of the documents that it extends, the nearest first; as diagnostics show them. */
  bases: string[];
  source: 'debian';
  architecture: 'amd64';
  suite: string;
  components: string[];
  mirrors: Mirror[];
  /** Absolute path of the keyring that signs the mirrors' Release files. */
  keyring: string;
  /** `essential`: Debian's Essential packages too, maintainer scripts run. `extract`: only unpacked. */
  variant: 'essential' | 'extract';
  packages: string[];
  /** dpkg path-exclude globs: never unpacked. */
  exclude: string[];
  /** Paths and globs taken away after installation. */
  remove: string[];
  /** Packages purged after installation (dependencies notwithstanding). */
  removePackages: string[];
  users: User[];
  groups: Group[];
  units: { enable: string[]; disable: string[]; mask: string[] };
  /** Of an initrd: kernel modules it carries (with what they depend on) and loads. Of a root: those that may be loaded. */
  modules: string[];
  /** Files that keep their setuid or setgid bit; null: all do. */
  setuid: string[] | null;
  /** What comes on top when the image has a feature on. */
  features: Partial<Record<Addition, FeatureParts>>;
}

export type Feature = 'tpm' | 'kvp' | 'console';
export type Features = Readonly<Record<Feature, Switch>>;
/** What a manifest may bring on top: for a feature that is on, and for images that take updates. */
export type Addition = Feature | 'updates';

/** Joined to the lists of the same names. */
export type FeatureParts = Pick<Manifest, 'packages' | 'modules'> & { units: { enable: string[] } };

/** A file of an overlay tree, as it will stand in the rootfs. */
export interface OverlayEntry {
  /** Absolute path in the rootfs. */
  path: string;
  type: 'file' | 'directory' | 'symlink';
  /** File mode bits, e.g. 0o644. */
  mode: number;
  uid: number;
  gid: number;
  /** Absolute path of the content on the host (files only). */
  source: string;
  /** Link target (symlinks only). */
  target: string;
  /** SHA-256 of the content (files only). */
  sha256: string;
}

export interface OverlayTree {
  name: string;
  directory: string;
  entries: OverlayEntry[];
}

export interface Step {
  id: string;
  stage: string;
  /** Input name -> id of the step that makes it. */
  inputs: Record<string, string>;
  /** As written; the stage's schema has accepted it. */
  options: Record<string, unknown>;
}

export interface Image {
  name: string;
  file: string;
  /** Files of the documents that it extends, the nearest first; as diagnostics show them. */
  bases: string[];
  version: string;
  summary: string;
  layout: string;
  /** Who may log in, and how; null: the definition does not say. */
  ssh: DeclaredSsh | null;
  firewall: Firewall | null;
  features: Features;
  /** Does a new image check its root against the hash tree? The selector's state says so, and can be switched unless it is enforced. */
  verifiedBoot: VerifiedBoot;
  /** Null: nothing is signed. */
  signing: Signing | null;
  /** Null: the image takes no updates. */
  updates: Updates | null;
  /** The key that signs releases; null: none is named, and no release can be made. */
  release: SigningKey | null;
  budgets: Budgets;
  /** Seconds since 1970: SOURCE_DATE_EPOCH of everything. */
  epoch: number;
  /** From this every UUID, GUID, salt and serial is derived. Default: `NAME VERSION`. */
  seed: string;
  /** Manifest of the tools tree. */
  tools: string;
  /** Manifest of the tree with QEMU and OVMF. */
  vmTools: string;
  stages: Step[];
}

export type VerifiedBoot = Switch | 'enforced';

/** Where a key is that signs; files are absolute, or relative to the project as written. Never read by a plan. */
export interface SigningKey {
  /** A PEM file, or the PKCS#11 URI (RFC 7512) of a key in a token. */
  key: string;
  /** A PEM file. */
  certificate: string;
  /** PKCS#11 module of the token; empty for a key that is a file. */
  module: string;
  /** File with the PIN of the token; empty for none. */
  pinFile: string;
}

/** The key for what the firmware and the selector start. */
export interface Signing extends SigningKey {
  /** Folder with the certificates of the firmware whose PCRs are predicted; empty for none. */
  firmware: string;
}

/** Which update bundles a machine takes, and how they are made. */
export interface Updates {
  /** A machine takes bundles of its own word alone. */
  compatible: string;
  /** A PEM file with the certificates that a machine trusts. */
  keyring: string;
  /** The key that signs bundles; null: none is named, and no bundle can be made. */
  signing: SigningKey | null;
  /** `allow`: bundles say that they may go over a higher version. */
  downgrade: 'refuse' | 'allow';
  /** Do bundles bring the selector too? */
  selector: Switch;
}

/** Limits that a build must keep; null where there is none. */
export interface Budgets {
  /** Of the root file system with its hash tree and error correction. */
  root: Bytes | null;
  /** Of each file that holds the disk. */
  image: Bytes | null;
  /** Installed packages of root and initrd together. */
  packages: number | null;
  /** Files of the root with a setuid or setgid bit. */
  setuid: number | null;
  /** What the network can reach of a machine. */
  listening: number | null;
}

/** What checking made of a document: the value when there is not one fault. */
export interface Checked<T> {
  value: T | null;
  faults: Diagnostic[];
}
