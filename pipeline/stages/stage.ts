/** What a stage is. A new one costs one file here, one line in index.ts, one test; nothing else changes. */
import type { Bytes } from '../formats/bytes.ts';
import type { Features, Image, Layout, Manifest, OverlayTree, Updates } from '../config/types.ts';

/**
 * JSON Schema 2020-12 of a stage's options. `x-document` on a string says that it names something of the project,
 * which is then loaded, checked and made part of the step's key: a manifest, an overlay tree, or a file.
 */
export interface JSONSchema {
  [keyword: string]: unknown;
  'x-document'?: 'manifest' | 'overlay' | 'file';
}

/** Whatever a step tells later steps and build.json about what it made. JSON values only, no host paths. */
export type Facts = Readonly<Record<string, unknown>>;

/** What a step made. `path` is a regular file in the store (or in the output folder, for published artifacts). */
export interface Artifact {
  id: string;
  key: string;
  sha256: string;
  bytes: Bytes;
  path: string;
  facts: Facts;
  /** The artifacts it was made from, by input name. */
  inputs: Readonly<Record<string, Artifact>>;
}

/** What a stage may know of its image before anything is built. */
export interface ImageView {
  name: string;
  version: string;
  summary: string;
  epoch: number;
  seed: string;
  layout: Layout;
  ssh: Image['ssh'];
  firewall: Image['firewall'];
  features: Features;
  verifiedBoot: Image['verifiedBoot'];
  /** Does the definition name a key? */
  hasSigning: boolean;
  /** Null: the image takes no updates. */
  updates: UpdatesView | null;
  /** Content that the selector of this image stands in; null for an image without one. */
  selectorContent: string | null;
  /** Names of the inputs wired to this step. */
  inputs: readonly string[];
  /** File name in the output folder of what is wired to an input; null for what stays in the store. */
  published(input: string): string | null;
  /** A document named by an `x-document` option: loaded and without faults. */
  manifest(name: string): Manifest;
  overlay(name: string): OverlayTree;
  file(name: string): { path: string; sha256: string; mode: number };
}

/** `keyring` is PEM text, certificates alone; `UNRESOLVED` while the file is not there, and so is every key that it decides. */
export interface UpdatesView extends Pick<Updates, 'compatible' | 'downgrade' | 'selector'> {
  keyring: string;
  /** Does the definition name a key that signs bundles? */
  hasSigning: boolean;
}

/** Stands for what cannot be told before something is resolved, or is there. */
export const UNRESOLVED = 'not known yet';

/** A place on this machine, which a step may read but which is not part of what the step is: JSON, and so the key, leaves it out. */
export class HostPath {
  readonly #path: string;
  constructor(path: string) {
    this.#path = path;
  }
  get value(): string {
    return this.#path;
  }
  toJSON(): undefined {
    return undefined;
  }
}

/** Thrown by `resolve`: a fault of the user's in one option; `path` is relative to the options, e.g. `contents[2]`. */
export class OptionFault extends Error {
  readonly path: string;
  readonly hint: string;
  constructor(path: string, message: string, hint = '') {
    super(message);
    this.name = 'OptionFault';
    this.path = path;
    this.hint = hint;
  }
}

export interface RunOptions {
  /** Additional environment, on top of the fixed one. */
  env?: Readonly<Record<string, string>>;
  /** Host path whose bytes the program reads on stdin; closed otherwise. */
  stdin?: string;
  /** File name below `work` that receives stdout; collected and returned otherwise. */
  stdout?: string;
  /**
   * `many`: a user namespace with all subordinate ids and all capabilities in it, for dpkg. `own-network`: in charge of the
   * sandbox's own, empty network, for iptables. Default `one`.
   */
  identities?: 'one' | 'own-network' | 'many';
  /** Called for each line of output as it comes, for progress. */
  onLine?: (line: string) => void;
}

/** Package archive of a step whose stage has `sources`: every .deb is in the pool, its digest checked. */
export interface PackagePool {
  /** Directory with the .deb files and `Packages`/`Release` naming exactly the resolved ones. */
  repository: string;
  list: readonly { name: string; version: string; architecture: string; sha256: string }[];
}

/** What is signed, each kind by a key of its own: EFI programs (`signing`), and update bundles (`updates.signing`). */
export type Signed = 'programs' | 'bundles';

/** Who signs for a step. The key is nowhere a stage could see it. */
export interface StageSigner {
  /** PEM text. */
  certificate: string;
  /** `request` and `signed` are names of files in `work`: see engine/signer.ts. */
  sign(request: string, signed: string): Promise<void>;
}

export interface BuildContext<Input extends string = string> {
  /** What is wired to this step; an optional input may be absent. */
  inputs: Readonly<Partial<Record<Input, Artifact>>>;
  /** SOURCE_DATE_EPOCH, seconds. Name, version and seed come through `resolve`, so that only who uses them rebuilds. */
  epoch: number;
  signal: AbortSignal;
  /** Scratch directory of this step, empty at the start. */
  work: string;
  /** The file to make: `work`/artifact, or the place of publication. */
  out: string;
  /** The same places as the programs of the tools tree see them. */
  box: { work: string; out: string; inputs: Readonly<Partial<Record<Input, string>>>; repository: string };
  packages: PackagePool | null;
  /** Null for steps that sign nothing. */
  signer: StageSigner | null;
  /** Runs a program of the tools tree, without network; returns its stdout. Throws ProcessFailure. */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** Something the user should know, though the step goes on. */
  warn(message: string, hint: string): void;
  /** fraction 0..1 or null. */
  progress(fraction: number | null, detail: string): void;
}

/** Where in an image something stands: root file system, initrd, kernel image, boot loader before it. */
export type Place = 'rootfs' | 'initrd' | 'uki' | 'bootefi';

/** `'*'` stands for inputs of any name. */
export type InputSpec<Input extends string> = Readonly<Record<Input, 'required' | 'optional'>>;

export interface Stage<Options, Resolved, Input extends string> {
  readonly name: string;
  /** Raise when equal options and inputs give other bytes. */
  readonly version: number;
  readonly summary: string;
  /** Of Options; the name in the YAML is `options`. */
  readonly schema: JSONSchema;
  readonly inputs: InputSpec<Input>;
  /** Packages of the tools tree whose programs it runs; their versions, and those of what they depend on, enter the key. */
  readonly tools: readonly string[];
  /** What it signs, if anything: the digest of the certificate enters the key, and `build` gets a signer. */
  readonly signs?: Signed;
  /** True when the artifact tells where to look in those it was made from: who reads it reads them too. */
  readonly pointsIntoInputs?: true;
  /** Packages of the tools tree that bytes of the artifact are from, as a boot loader is; an SBOM lists them. */
  brings?(resolved: Resolved): { place: Place; packages: readonly string[] };
  /** File name in the output folder for stages that publish there; null for those whose artifact stays in the store. */
  publishes(resolved: Resolved): string | null;
  /** Pure: the options with everything the image says about them; what it returns enters the key. */
  resolve(options: Options, image: ImageView): Resolved;
  /** The manifest whose packages must be resolved and fetched before `build`. */
  sources?(resolved: Resolved): Manifest;
  /** Bytes of disk that `build` takes at the most, its artifact included; told to whose disk is full. */
  room?(resolved: Resolved, inputs: Readonly<Record<string, Artifact>>): Bytes;
  /** Makes `context.out`. */
  build(resolved: Resolved, context: BuildContext<Input>): Promise<Facts>;
}

// A list of stages with different options: each checks its own through its schema before `resolve` sees them.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyStage = Stage<any, any, any>;
