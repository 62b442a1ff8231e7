/**
 * Documents -> Plan. Pure: what the world outside must say (which packages a manifest means today) is handed in.
 * A step's key is the digest of all that decides its bytes; equal keys mean equal bytes.
 */
import { createHash } from 'node:crypto';
import { dependencyClosure, type ResolvedPackage } from '../debian/stanza.ts';
import type { Image, Layout, Manifest, OverlayTree, Step, Updates } from '../config/types.ts';
import { contentNamed } from './contents.ts';
import { OptionFault, UNRESOLVED, type AnyStage, type ImageView, type Signed } from '../stages/stage.ts';

export interface PlannedStep {
  id: string;
  stage: AnyStage;
  inputs: Readonly<Record<string, string>>;
  /** The stage's resolved options. */
  resolved: unknown;
  /** Manifest whose packages the step needs; null for most. */
  sources: Manifest | null;
  /** Everything the key is made of, by name; compared to tell why a step is built again. */
  parts: Readonly<Record<string, string>>;
  /** Null while a manifest it depends on has not been resolved. */
  key: string | null;
  /** File name in the output folder, for steps that publish. */
  publishes: string | null;
}

export interface Plan {
  image: Image;
  layout: Layout;
  /** Every step after those it reads from. */
  steps: PlannedStep[];
}

export interface PlanInput {
  image: Image;
  layout: Layout;
  manifests: Readonly<Record<string, Manifest>>;
  overlays: Readonly<Record<string, OverlayTree>>;
  files: Readonly<Record<string, { path: string; sha256: string; mode: number }>>;
  stages: Readonly<Record<string, AnyStage>>;
  /** Packages of each manifest by its name, the tools manifest among them; undefined where not resolved yet. */
  packages: Readonly<Record<string, { digest: string; packages: readonly ResolvedPackage[] } | undefined>>;
  /** SHA-256 of the certificate that signs, hexadecimal; null where it is not there, or nothing is signed. */
  certificates: Readonly<Record<Signed, string | null>>;
  /** PEM text of the certificates whose updates machines take; null where it is not there, or none are taken. */
  keyring: string | null;
}

/** A fault in the options of one step; `path` is below `stages[index].options`. */
export interface PlanFault {
  index: number;
  path: string;
  message: string;
  hint: string;
}

/** The plan, or every fault that the stages find in their options. */
export function makePlan(input: PlanInput): { plan: Plan | null; faults: PlanFault[] } {
  const faults: PlanFault[] = [];
  const steps: PlannedStep[] = [];
  const keys = new Map<string, string | null>();
  for (const { step, index } of inOrder(input.image)) {
    const stage = input.stages[step.stage];
    if (stage === undefined) throw new Error(`stage "${step.stage}" was not checked before planning`);
    try {
      const resolved: unknown = stage.resolve(step.options, imageView(input, step, steps));
      const publishes = stage.publishes(resolved);
      const rival = steps.find(each => publishes !== null && each.publishes === publishes);
      if (rival !== undefined)
        throw new OptionFault('', `writes ${publishes ?? ''}, as step "${rival.id}" does`, 'take one of the two away');
      const sources = stage.sources?.(resolved) ?? null;
      const parts = keyParts({ input, step, stage, resolved, sources, keys });
      const key = Object.values(parts).includes(UNRESOLVED) ? null : digest(parts);
      keys.set(step.id, key);
      steps.push({
        id: step.id,
        stage,
        inputs: step.inputs,
        resolved,
        sources,
        parts,
        key,
        publishes,
      });
    } catch (error) {
      if (error instanceof UnplannedInput) continue;
      if (!(error instanceof OptionFault)) throw error;
      faults.push({ index, path: error.path, message: error.message, hint: error.hint });
    }
  }
  return { plan: faults.length === 0 ? { image: input.image, layout: input.layout, steps } : null, faults };
}

/** Steps so that each comes after its inputs, otherwise in the order of the file. */
function inOrder(image: Image): { step: Image['stages'][number]; index: number }[] {
  const ordered: { step: Image['stages'][number]; index: number }[] = [];
  const done = new Set<string>();
  const visit = (index: number): void => {
    const step = image.stages[index];
    if (step === undefined || done.has(step.id)) return;
    done.add(step.id);
    for (const source of Object.values(step.inputs)) visit(image.stages.findIndex(each => each.id === source));
    ordered.push({ step, index });
  };
  image.stages.forEach((_, index) => visit(index));
  return ordered;
}

/** A step asks what cannot be told, for the step that it reads has a fault: that one is told, and none of what follows. */
class UnplannedInput extends Error {}

/** `planned` are the steps before this one, those that it reads among them, but for those with faults. */
function imageView(input: PlanInput, step: Step, planned: readonly PlannedStep[]): ImageView {
  const { name, version, summary, epoch, seed, ssh, firewall, features, verifiedBoot, signing, updates } = input.image;
  const known = <T>(documents: Readonly<Record<string, T>>, document: string): T => {
    const found = documents[document];
    if (found === undefined) throw new Error(`"${document}" was not loaded: its option lacks x-document`);
    return found;
  };
  return {
    name,
    version,
    summary,
    epoch,
    seed,
    layout: input.layout,
    ssh,
    firewall,
    features,
    verifiedBoot,
    hasSigning: signing !== null,
    updates: updates === null ? null : updatesView(updates, input.keyring),
    selectorContent: contentNamed(input.image.stages, 'selector', 'state'),
    inputs: Object.keys(step.inputs),
    published: name => {
      const id = step.inputs[name];
      if (id === undefined) return null;
      const source = planned.find(each => each.id === id);
      if (source === undefined) throw new UnplannedInput(`${step.id} reads ${id}, which was not planned`);
      return source.publishes;
    },
    manifest: document => known(input.manifests, document),
    overlay: document => known(input.overlays, document),
    file: document => known(input.files, document),
  };
}

function updatesView(
  { compatible, downgrade, selector, signing }: Updates,
  keyring: string | null,
): ImageView['updates'] {
  return { compatible, downgrade, selector, keyring: keyring ?? UNRESOLVED, hasSigning: signing !== null };
}

interface KeySource {
  input: PlanInput;
  step: Image['stages'][number];
  stage: AnyStage;
  resolved: unknown;
  sources: Manifest | null;
  keys: ReadonlyMap<string, string | null>;
}

function keyParts({ input, step, stage, resolved, sources, keys }: KeySource): Record<string, string> {
  const { image } = input;
  const tools = toolsOf(stage, resolved);
  const toolPackages = input.packages[image.tools]?.packages;
  return {
    stage: `${stage.name}/${stage.version}`,
    epoch: String(image.epoch),
    options: optionsPart(resolved),
    ...(sources === null
      ? {}
      : { [`packages of ${sources.name}`]: input.packages[sources.name]?.digest ?? UNRESOLVED }),
    ...(sources === null ? {} : mountPart(toolPackages ?? [], input)),
    ...Object.fromEntries(
      tools.map(name => [
        `tool ${name}`,
        toolPackages === undefined ? UNRESOLVED : toolVersion(toolPackages, name, input),
      ]),
    ),
    // RSA signatures by PKCS #1 v1.5 are a function of key and bytes: the certificate says which key.
    ...(stage.signs === undefined ? {} : { certificate: input.certificates[stage.signs] ?? UNRESOLVED }),
    ...Object.fromEntries(
      Object.entries(step.inputs).map(([name, source]) => [`input ${name}`, keys.get(source) ?? UNRESOLVED]),
    ),
  };
}

/** With mount(8) in its tree mmdebstrap mounts /proc, and scripts of packages then make more files than without. */
function mountPart(tools: readonly ResolvedPackage[], input: PlanInput): Record<string, string> {
  return tools.some(each => each.name === 'mount') ? { 'tool mount': toolVersion(tools, 'mount', input) } : {};
}

/** As a whole not known where one of them is not. */
function optionsPart(resolved: unknown): string {
  const text = JSON.stringify(resolved);
  return text.includes(JSON.stringify(UNRESOLVED)) ? UNRESOLVED : JSON.stringify(sorted(JSON.parse(text)));
}

/** A stage's own tools and, where its options name more (the command stage), those. */
function toolsOf(stage: AnyStage, resolved: unknown): string[] {
  const more =
    typeof resolved === 'object' && resolved !== null && 'tools' in resolved && Array.isArray(resolved.tools)
      ? (resolved.tools as string[])
      : [];
  return [...new Set([...stage.tools, ...more])].sort();
}

/** Version of a package and a digest of the versions of all it depends on: a new library may give new bytes. */
function toolVersion(packages: readonly ResolvedPackage[], name: string, input: PlanInput): string {
  const own = packages.find(each => each.name === name);
  if (own === undefined)
    throw new OptionFault(
      '',
      `needs the program package "${name}", which rootfs-manifests/${input.image.tools}.yaml does not bring`,
      'add it to the packages there',
    );
  const closure = dependencyClosure(packages, [name]).map(each => `${each.name}=${each.version}`);
  return `${own.version} (${digest(closure).slice(0, 16)})`;
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
}

/** The same value with object keys in order, so that equal values give equal JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  );
}
