/** Image definitions: checked against their schema, resolved, then checked by rules that only report. */
import { fault, keyOf } from './document.ts';
import type { Document } from './document.ts';
import { firewallFaults, resolveFirewall } from './firewall.ts';
import type { FirewallFile } from './firewall.ts';
import { epochPattern, imageSchema } from './image-schema.ts';
import type { StageSchemas } from './image-schema.ts';
import { isMapping, listAt, valueAt } from './paths.ts';
import type { DeclaredSsh } from '../formats/declaration.ts';
import { signingFaults } from './signing.ts';
import { parseSize, type Bytes } from '../formats/bytes.ts';
import type {
  Budgets,
  Checked,
  Diagnostic,
  Features,
  Image,
  Signing,
  SigningKey,
  Step,
  Updates,
  VerifiedBoot,
} from './types.ts';
import { compileSchema } from './validate.ts';
import type { Reference, Validator } from './validate.ts';
import { wiringFaults } from './wiring.ts';

/** An image definition as written, accepted by its schema. */
export interface ImageFile {
  name: string;
  version: string;
  summary?: string;
  layout: string;
  ssh?: Partial<DeclaredSsh>;
  features?: Partial<Features>;
  verifiedBoot?: VerifiedBoot;
  signing?: WrittenKey & Partial<Signing>;
  updates?: Partial<Omit<Updates, 'signing'>> & Pick<Updates, 'keyring'> & { signing?: WrittenKey };
  release?: WrittenKey;
  budgets?: Partial<Record<'root' | 'image', string>> & Partial<Record<'packages' | 'setuid' | 'listening', number>>;
  epoch: string;
  seed?: string;
  tools?: string;
  vmTools?: string;
  firewall?: FirewallFile;
  stages: Step[];
}

type WrittenKey = Partial<SigningKey> & Pick<SigningKey, 'key' | 'certificate'>;

/** FAT stores no earlier time (MS FAT specification 1.03, section 6.2), and 32 unsigned bits of seconds end here. */
const FIRST_EPOCH = Date.UTC(1980, 0, 1) / 1000;
const LAST_EPOCH = 2 ** 32 - 1;

/** Whatever checking an image found, and the documents it names, also when it has faults. */
export interface CheckedImage extends Checked<Image> {
  /** Only those that the schema accepts as names. */
  references: Reference[];
}

/** Document -> image, or everything that is wrong with it, but for the documents it names. */
export function checkImage(document: Document, stages: StageSchemas): CheckedImage {
  const complete = withDefaults(document);
  const { faults, faulty, references } = compiled(stages)(complete);
  const all = [
    ...faults,
    ...wiringFaults(complete),
    ...epochFaults(complete),
    ...consoleFaults(complete),
    ...signingFaults(complete),
    ...firewallFaults(complete),
  ];
  const value = all.length > 0 ? null : resolveImage(complete.value as ImageFile, document.file);
  const refused = new Set(faulty.map(keyOf));
  const sound = references.filter(({ path }) => !refused.has(keyOf(path)));
  return { value, faults: all, references: [...sound, ...defaultReferences(complete)] };
}

/** Fills in every default. Pure; reports nothing. */
export function resolveImage(written: ImageFile, file: string): Image {
  return {
    file,
    bases: [],
    ...written,
    summary: written.summary ?? '',
    ssh: written.ssh === undefined ? null : { user: 'admin', sudo: 'none', transport: 'tcp', ...written.ssh },
    features: { tpm: 'off', kvp: 'off', console: 'off', ...written.features },
    verifiedBoot: written.verifiedBoot ?? 'on',
    signing: written.signing === undefined ? null : { module: '', pinFile: '', firmware: '', ...written.signing },
    updates: resolveUpdates(written),
    release: written.release === undefined ? null : { module: '', pinFile: '', ...written.release },
    budgets: resolveBudgets(written.budgets),
    epoch: epochOf(written.epoch),
    seed: written.seed ?? `${written.name} ${written.version}`,
    tools: written.tools ?? 'tools',
    vmTools: written.vmTools ?? 'vm-tools',
    firewall: written.firewall === undefined ? null : resolveFirewall(written.firewall),
  };
}

function resolveUpdates({ name, updates }: ImageFile): Updates | null {
  if (updates === undefined) return null;
  const signing = updates.signing === undefined ? null : { module: '', pinFile: '', ...updates.signing };
  return { compatible: name, downgrade: 'refuse', selector: 'on', ...updates, signing };
}

function resolveBudgets(written: ImageFile['budgets'] = {}): Budgets {
  const { root, image, packages = null, setuid = null, listening = null } = written;
  const bytes = (size: string | undefined): Bytes | null => (size === undefined ? null : parseSize(size));
  return { root: bytes(root), image: bytes(image), packages, setuid, listening };
}

/** The schema alone, with every step's `inputs` and `options` filled in. */
export const validateImage =
  (stages: StageSchemas): Validator =>
  document =>
    compiled(stages)(withDefaults(document));

/** Compiling takes longer than checking, and a `check` of all images asks often. */
const validators = new WeakMap<StageSchemas, Validator>();

function compiled(stages: StageSchemas): Validator {
  const validate = validators.get(stages) ?? compileSchema(imageSchema(stages));
  validators.set(stages, validate);
  return validate;
}

/** Every step gets `inputs` and `options`, so that what is missing in them is named, not the mapping around it. */
function withDefaults(document: Document): Document {
  const stages = listAt(document.value, ['stages']);
  if (!isMapping(document.value) || stages.length === 0) return document;
  const complete = stages.map(step => (isMapping(step) ? { inputs: {}, options: {}, ...step } : step));
  return { ...document, value: { ...document.value, stages: complete } };
}

/** The tools tree is needed whether it is named or not; vm-tools only to boot, so its absence is no fault yet. */
function defaultReferences(document: Document): Reference[] {
  const named = isMapping(document.value) && Object.hasOwn(document.value, 'tools');
  return named ? [] : [{ kind: 'manifest', name: 'tools', path: ['tools'] }];
}

function epochFaults(document: Document): Diagnostic[] {
  const text = valueAt(document.value, ['epoch']);
  if (typeof text !== 'string' || !new RegExp(epochPattern).test(text)) return [];
  const epoch = epochOf(text);
  if (Number.isNaN(epoch)) return [fault(document, ['epoch'], `${text} is no day and time of the calendar`)];
  if (epoch < FIRST_EPOCH) return [fault(document, ['epoch'], `${text} is before 1980, which FAT cannot store`)];
  if (epoch > LAST_EPOCH)
    return [fault(document, ['epoch'], `${text} is after 2106, which no file system here can store`)];
  return [];
}

/** Whose shell would it be? */
function consoleFaults(document: Document): Diagnostic[] {
  if (valueAt(document.value, ['features', 'console']) !== 'on') return [];
  if (valueAt(document.value, ['ssh']) !== undefined) return [];
  return [fault(document, ['features', 'console'], 'a console needs a user, and there is none', 'add `ssh: {}`')];
}

const epochOf = (text: string): number => (/^[0-9]+$/.test(text) ? Number(text) : Date.parse(text) / 1000);
