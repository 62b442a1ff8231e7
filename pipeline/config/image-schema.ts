/** pipeline/NAME.yaml: an image, its stages and how they are wired. */
import { firewallSchema } from './firewall-schema.ts';
import {
  defaultsTo,
  dialect,
  documentName,
  examples,
  extending,
  id,
  leftOut,
  line,
  mapping,
  oneOf,
  size,
  text,
} from './schema-words.ts';
import type { SchemaObject } from './schema-words.ts';

/** What config must know of a stage; the stage itself is not imported here. */
export interface StageSchema {
  /** JSON Schema 2020-12 of its options; self-contained. */
  readonly schema: SchemaObject;
  /** `'*'` stands for inputs of any name. */
  readonly inputs: Readonly<Record<string, 'required' | 'optional'>>;
}

/** Stages by name. */
export type StageSchemas = Readonly<Record<string, StageSchema>>;

export const epochPattern = String.raw`^([0-9]{1,11}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d))$`;

/** The schema of an image definition; options and inputs of a step follow from its `stage`. */
export function imageSchema(stages: StageSchemas): SchemaObject {
  return {
    $schema: dialect,
    title: 'Caisson image definition',
    description: 'An image: its name and version, its layout, and the stages that make it.',
    ...mapping(['name', 'version', 'layout', 'epoch', 'stages'], {
      extends: extending(
        'The image that this one stands on: pipeline/NAME.yaml of the project, else of Caisson. All that it says holds, but for its name, and for what this one says otherwise; steps are joined by their id, and null takes a value away.',
        'eflow',
      ),
      name: {
        ...id('Name of the image, and of its folder under out/. Its file has the same name.'),
        maxLength: 64,
        examples: ['eflow'],
      },
      version: {
        ...text(
          'Version of the image, in quotes.',
          '^[0-9A-Za-z][0-9A-Za-z.+~_-]*$',
          'a version of letters, digits, ".", "+", "~", "_" and "-"',
        ),
        maxLength: 64,
        examples: ['2026.11.0'],
      },
      summary: defaultsTo(line('What the image is for, on one line.'), ''),
      layout: examples(documentName('The layout of its disk: layouts/NAME.yaml.', 'layout'), 'eflow'),
      ssh: {
        description: 'Who may log in, and how; {} is the default of each key.',
        'x-default': 'there is no such user, and no SSH',
        examples: [{ user: 'admin', sudo: 'nopasswd' }],
        ...mapping([], {
          user: {
            ...text('The administrator.', '^[a-z_][a-z0-9_-]*$', 'an account name of a-z, 0-9, "_" and "-"'),
            maxLength: 32,
            default: 'admin',
          },
          sudo: defaultsTo(
            oneOf('nopasswd: the user may become root, without a password. none: not.', ['nopasswd', 'none'], 'sudo'),
            'none',
          ),
          transport: defaultsTo(
            oneOf(
              'tcp: port 22 of the network. vsock: sockets of the hypervisor, and no port at all.',
              ['tcp', 'vsock', 'both'],
              'transport',
            ),
            'tcp',
          ),
        }),
      },
      features: {
        description:
          'Parts of the system that are there or not. What comes with each, a manifest says below its `features`.',
        default: {},
        ...mapping([], {
          tpm: onOff('Drivers, tools and group for a TPM. off: the drivers do not start.', 'off'),
          kvp: onOff("Hyper-V's key-value exchange: tells the host addresses and names.", 'off'),
          console: onOff('A shell of the user on the consoles, without a password.', 'off'),
        }),
      },
      verifiedBoot: defaultsTo(
        oneOf(
          'on: a new image checks its root against the hash tree, by dm-verity. off: it does not. `caisson verity` switches an image, and a machine that runs. enforced: nothing switches it off, and what boots is signed.',
          ['off', 'on', 'enforced'],
          'verified boot',
        ),
        'on',
      ),
      signing: {
        description: 'The key that signs what the firmware and the selector start, for the steps with `stage: sign`.',
        'x-default': 'nothing is signed',
        examples: [{ key: 'keys/db.key', certificate: 'keys/db.crt', firmware: 'keys' }],
        ...mapping(['key', 'certificate'], {
          ...signingKey('Its certificate: a PEM file. What must trust it is enrolled with it.'),
          firmware: leftOut(
            line(
              'Folder with PK.crt, KEK.crt and db.crt of the firmware that the image will start on, as `caisson keys new` makes it: build.json then predicts its PCRs 4 and 7.',
            ),
            'no PCRs are predicted',
          ),
        }),
      },
      updates: {
        description: 'Machines take updates: signed bundles for the slot that does not run.',
        'x-default': 'machines take no updates, and have no program for it',
        examples: [{ keyring: 'keys/update-ca.crt' }],
        ...mapping(['keyring'], {
          compatible: {
            ...text(
              'Machines take bundles with the same word alone.',
              '^[A-Za-z0-9][A-Za-z0-9._-]*$',
              'a word of letters, digits, ".", "_" and "-"',
            ),
            maxLength: 64,
            'x-default': 'the name of the image',
          },
          keyring: line('PEM file with the certificates whose signatures machines trust: an authority, or several.'),
          signing: {
            description: 'The key that signs bundles.',
            'x-default': 'this project makes none',
            ...mapping(
              ['key', 'certificate'],
              signingKey('Its certificate: a PEM file, issued by one of the keyring.'),
            ),
          },
          downgrade: defaultsTo(
            oneOf(
              'allow: the bundles that are made may go over a higher version; they say so, signed.',
              ['refuse', 'allow'],
              'downgrade',
            ),
            'refuse',
          ),
          selector: onOff('Do bundles bring the selector (shim and GRUB) too?', 'on'),
        }),
      },
      release: {
        description: 'The key that signs releases: `caisson release`.',
        'x-default': 'this project makes none',
        ...mapping(['key', 'certificate'], signingKey('Its certificate: a PEM file, for those who verify a release.')),
      },
      budgets: {
        description: 'Limits: a build that crosses one fails.',
        default: {},
        examples: [{ root: '64 MiB', packages: 230 }],
        ...mapping([], {
          root: unlimited(
            size('Most that the root file system may have, with hash tree and error correction.', 1),
            '64 MiB',
          ),
          image: unlimited(size('Most that each file with the disk may have.', 1), '120 MiB'),
          packages: count('Most packages that root and initrd may have together.'),
          setuid: count('Most files of the root with a setuid or setgid bit.'),
          listening: count(
            'Most services that the network may reach: SSH, each entry of `firewall.allow`, each socket unit that listens on an address.',
          ),
        }),
      },
      epoch: examples(
        text(
          'The time that every file and file system of the image carries.',
          epochPattern,
          'a time like "2026-10-01T00:00:00Z" or seconds since 1970, in quotes',
        ),
        '2026-11-01T00:00:00Z',
      ),
      seed: {
        ...line('From this every UUID, GUID and salt is derived.'),
        minLength: 1,
        'x-default': 'name and version of the image',
      },
      tools: defaultsTo(documentName('Manifest of the tools tree.', 'manifest'), 'tools'),
      vmTools: defaultsTo(documentName('Manifest of the tree with QEMU and OVMF.', 'manifest'), 'vm-tools'),
      firewall: firewallSchema,
      stages: {
        type: 'array',
        'x-keyed': { key: 'id', kind: 'stage' },
        description: 'The steps, in any order.',
        minItems: 1,
        items: step(stages),
      },
    }),
  };
}

/** Where a key is; `certificate` describes what stands beside it. */
function signingKey(certificate: string): Record<string, SchemaObject> {
  return {
    key: examples(
      line('Private key, RSA: a PEM file, or the PKCS#11 URI of a key in a token.'),
      'keys/update.key',
      'pkcs11:token=house;object=update',
    ),
    certificate: line(certificate),
    module: leftOut(
      examples(line('PKCS#11 module of the token: a file.'), '/usr/lib/softhsm/libsofthsm2.so'),
      'the key is a file',
    ),
    pinFile: leftOut(line('File with the PIN of the token, readable by its owner alone.'), 'the token asks for no PIN'),
  };
}

const count = (description: string): SchemaObject =>
  leftOut({ type: 'integer', minimum: 0, maximum: 999_999, description }, 'no limit');

const unlimited = (schema: SchemaObject, example: string): SchemaObject =>
  examples(leftOut(schema, 'no limit'), example);

const onOff = (description: string, usual: 'on' | 'off'): SchemaObject =>
  defaultsTo(oneOf(description, ['on', 'off'], 'switch'), usual);

function step(stages: StageSchemas): SchemaObject {
  return {
    description: 'One step: a stage, what it reads, and its options.',
    ...mapping(['id', 'stage'], {
      id: id('Name of the step; others read its artifact by it.'),
      stage: oneOf('What kind of step it is.', Object.keys(stages), 'stage'),
      inputs: {
        type: 'object',
        description: 'Name of the input -> id of the step that makes it.',
        default: {},
        additionalProperties: { type: 'string' },
      },
      options: { type: 'object', description: 'Options of the stage.', default: {} },
    }),
    allOf: Object.entries(stages).map(([name, stage]) => stepOf(name, stage)),
  };
}

/** `inputs` and `options` count as written when they are left out: see loadImage. */
function stepOf(name: string, { schema, inputs }: StageSchema): SchemaObject {
  const required = Object.keys(inputs).filter(input => input !== '*' && inputs[input] === 'required');
  const mandatory = Array.isArray(schema['required']) && schema['required'].length > 0;
  const properties = Object.keys(inputs)
    .filter(input => input !== '*')
    .map(input => [input, { type: 'string', description: `Id of the step that makes it (${inputs[input]}).` }]);
  return {
    if: { type: 'object', required: ['stage'], properties: { stage: { const: name } } },
    // oxlint-disable-next-line unicorn/no-thenable
    then: {
      type: 'object',
      required: [...(required.length > 0 ? ['inputs'] : []), ...(mandatory ? ['options'] : [])],
      properties: {
        inputs: {
          type: 'object',
          'x-noun': 'input',
          required,
          properties: Object.fromEntries(properties),
          additionalProperties: Object.hasOwn(inputs, '*') ? { type: 'string' } : false,
        },
        // With an id of its own, `#/$defs/…` inside the schema of a stage means its own $defs.
        options: Object.hasOwn(schema, '$defs') ? { $id: `stage-${name}`, ...schema } : schema,
      },
    },
  };
}
