/** pipeline/NAME.yaml: an image, its stages and how they are wired. */
import { firewallSchema } from './firewall-schema.ts';
import { dialect, documentName, id, line, mapping, oneOf, size, text } from './schema-words.ts';
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
      name: { ...id('Name of the image, and of its folder under out/.'), maxLength: 64 },
      version: {
        ...text(
          'Version of the image, in quotes, e.g. "2026.10".',
          '^[0-9A-Za-z][0-9A-Za-z.+~_-]*$',
          'a version of letters, digits, ".", "+", "~", "_" and "-"',
        ),
        maxLength: 64,
      },
      summary: line('What the image is for, on one line.'),
      layout: documentName('The layout of its disk: layouts/NAME.yaml.', 'layout'),
      ssh: {
        description: 'Who may log in, and how. Left out: the definition does not say.',
        ...mapping([], {
          user: {
            ...text(
              'The administrator. Default: admin.',
              '^[a-z_][a-z0-9_-]*$',
              'an account name of a-z, 0-9, "_" and "-"',
            ),
            maxLength: 32,
          },
          sudo: oneOf(
            'nopasswd: the user may become root, without a password. none: not. Default: none.',
            ['nopasswd', 'none'],
            'sudo',
          ),
          transport: oneOf(
            'tcp: port 22 of the network. vsock: sockets of the hypervisor, and no port at all. Default: tcp.',
            ['tcp', 'vsock', 'both'],
            'transport',
          ),
        }),
      },
      features: {
        description: 'Parts of the system that are there or not. Default: all off.',
        ...mapping([], {
          tpm: onOff('Drivers, tools and group for a TPM. off: the drivers do not start.'),
          kvp: onOff("Hyper-V's key-value exchange: tells the host addresses and names."),
          console: onOff('A shell of the user on the consoles, without a password.'),
        }),
      },
      verifiedBoot: oneOf(
        'on: a new image checks its root against the hash tree, by dm-verity. off: it does not. `caisson verity` switches an image, and a machine that runs. enforced: nothing switches it off, and what boots is signed. Default: on.',
        ['off', 'on', 'enforced'],
        'verified boot',
      ),
      signing: {
        description: 'The key that signs what the firmware and the selector start, for the steps with `stage: sign`.',
        ...mapping(['key', 'certificate'], {
          ...signingKey('Its certificate: a PEM file. What must trust it is enrolled with it.'),
          firmware: line(
            'Folder with PK.crt, KEK.crt and db.crt of the firmware that the image will start on, as `caisson keys new` makes it: build.json then predicts its PCRs 4 and 7.',
          ),
        }),
      },
      updates: {
        description:
          'Machines take updates: signed bundles for the slot that does not run. Left out: they do not, and have no program for it.',
        ...mapping(['keyring'], {
          compatible: {
            ...text(
              'Machines take bundles with the same word alone. Default: the name of the image.',
              '^[A-Za-z0-9][A-Za-z0-9._-]*$',
              'a word of letters, digits, ".", "_" and "-"',
            ),
            maxLength: 64,
          },
          keyring: line('PEM file with the certificates whose signatures machines trust: an authority, or several.'),
          signing: {
            description: 'The key that signs bundles. Left out: this project makes none.',
            ...mapping(
              ['key', 'certificate'],
              signingKey('Its certificate: a PEM file, issued by one of the keyring.'),
            ),
          },
          downgrade: oneOf(
            'allow: the bundles that are made may go over a higher version; they say so, signed. Default: refuse.',
            ['refuse', 'allow'],
            'downgrade',
          ),
          selector: onOff('Do bundles bring the selector (shim and GRUB) too? Default: on.'),
        }),
      },
      release: {
        description: 'The key that signs releases: `caisson release`. Left out: this project makes none.',
        ...mapping(['key', 'certificate'], signingKey('Its certificate: a PEM file, for those who verify a release.')),
      },
      budgets: {
        description: 'Limits: a build that crosses one fails. Default: none.',
        ...mapping([], {
          root: size('Most that the root file system may have, with hash tree and error correction, e.g. "64 MiB".', 1),
          image: size('Most that each file with the disk may have, e.g. "120 MiB".', 1),
          packages: count('Most packages that root and initrd may have together.'),
          setuid: count('Most files of the root with a setuid or setgid bit.'),
          listening: count(
            'Most services that the network may reach: SSH, each entry of `firewall.allow`, each socket unit that listens on an address.',
          ),
        }),
      },
      epoch: text(
        'The time that every file and file system of the image carries: "2026-10-01T00:00:00Z", or seconds since 1970, in quotes.',
        epochPattern,
        'a time like "2026-10-01T00:00:00Z" or seconds since 1970, in quotes',
      ),
      seed: { ...line('From this every UUID, GUID and salt is derived. Default: NAME VERSION.'), minLength: 1 },
      tools: documentName('Manifest of the tools tree. Default: tools.', 'manifest'),
      vmTools: documentName('Manifest of the tree with QEMU and OVMF. Default: vm-tools.', 'manifest'),
      firewall: firewallSchema,
      stages: { type: 'array', description: 'The steps, in any order.', minItems: 1, items: step(stages) },
    }),
  };
}

/** Where a key is; `certificate` describes what stands beside it. */
function signingKey(certificate: string): Record<string, SchemaObject> {
  return {
    key: line('Private key, RSA: a PEM file, or the PKCS#11 URI of a key in a token, "pkcs11:token=...;object=...".'),
    certificate: line(certificate),
    module: line('PKCS#11 module of the token: a file, e.g. /usr/lib/softhsm/libsofthsm2.so.'),
    pinFile: line('File with the PIN of the token, readable by its owner alone.'),
  };
}

const count = (description: string): SchemaObject => ({ type: 'integer', minimum: 0, maximum: 999_999, description });

const onOff = (description: string): SchemaObject => oneOf(description, ['on', 'off'], 'switch');

function step(stages: StageSchemas): SchemaObject {
  return {
    description: 'One step: a stage, what it reads, and its options.',
    ...mapping(['id', 'stage'], {
      id: id('Name of the step; others read its artifact by it.'),
      stage: oneOf('The stage.', Object.keys(stages), 'stage'),
      inputs: {
        type: 'object',
        description: 'Name of the input -> id of the step that makes it.',
        additionalProperties: { type: 'string' },
      },
      options: { type: 'object', description: 'Options of the stage.' },
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
    .map(input => [input, { type: 'string', description: `Id of a step (${inputs[input]}).` }]);
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
