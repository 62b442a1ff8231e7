/** layouts/NAME.yaml: the disk and its partitions. */
import { PARTITION_TYPES } from '../formats/guid.ts';
import {
  absolutePath,
  defaultsTo,
  dialect,
  documentPattern,
  documentWords,
  examples,
  flag,
  leftOut,
  line,
  list,
  mapping,
  oneOf,
  size,
  text,
} from './schema-words.ts';
import type { SchemaObject } from './schema-words.ts';

/** GPT attribute bits by name (UEFI 2.10 table 5.8; the upper ones: UAPI.2 Discoverable Partitions Specification). */
export const ATTRIBUTE_BITS = {
  required: 0,
  'no-block-io': 1,
  'legacy-boot': 2,
  'grow-file-system': 59,
  'read-only': 60,
  'no-auto': 63,
} as const satisfies Readonly<Record<string, number>>;

const guidPattern = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';

const mountOptions = (description: string): SchemaObject => ({
  ...list(
    description,
    text('One mount option.', '^[a-z][a-z0-9_.-]*(=[^,\\s]+)?$', 'one mount flag like "nosuid" or "commit=30"'),
  ),
  uniqueItems: true,
});

const overlayEntry: SchemaObject = {
  description: 'A directory with options.',
  ...mapping(['path'], {
    path: absolutePath('The directory.'),
    mode: defaultsTo(
      oneOf(
        'full: every change is kept. declared: only host keys, machine-id, host name, user keys and drop-ins are, each checked; for /etc.',
        ['full', 'declared'],
        'mode',
      ),
      'full',
    ),
    flags: defaultsTo(mountOptions('Mount options.'), ['nosuid', 'nodev']),
  }),
};

const partition: SchemaObject = {
  description: 'One partition; its number is its place in the list.',
  ...mapping(['name', 'size', 'type'], {
    name: {
      ...line('GPT name, at most 36 UTF-16 units: unique on the disk.'),
      minLength: 1,
      examples: ['RootFSA'],
    },
    content: leftOut(
      text('What the disk stage puts here; both slots of a pair name the same.', documentPattern, documentWords),
      'the name in lower case, without the letter of its slot',
    ),
    slot: leftOut(oneOf('The slot it belongs to.', ['A', 'B'], 'slot'), 'shared by both'),
    start: leftOut(examples(size('Where it begins.', 0), '1 GiB'), 'behind the partition before, aligned'),
    size: examples(size('How large it is.', 1), '4 GiB'),
    type: {
      examples: ['linux'],
      description: 'Partition type, by name or as a GUID.',
      'x-noun': 'partition type',
      type: 'string',
      anyOf: [{ enum: Object.keys(PARTITION_TYPES) }, { pattern: guidPattern, 'x-allowed': 'a GUID' }],
    },
    attributes: {
      ...list('GPT attributes: names or bit numbers.', {
        description: 'A name, or a bit number from 0 to 63.',
        'x-noun': 'attribute',
        anyOf: [
          { type: 'string', enum: Object.keys(ATTRIBUTE_BITS) },
          { type: 'integer', minimum: 0, maximum: 63, 'x-allowed': 'a bit number from 0 to 63' },
        ],
      }),
      uniqueItems: true,
      default: [],
      examples: [['read-only', 'no-auto']],
    },
    filesystem: defaultsTo(
      oneOf('What it holds.', ['vfat', 'ext4', 'erofs', 'squashfs', 'none'], 'file system'),
      'none',
    ),
    label: { ...line('Label of the file system.'), minLength: 1, 'x-default': 'no label', examples: ['BOOT'] },
    mount: leftOut(examples(absolutePath('Where the running system mounts it.'), '/logs'), 'nowhere'),
    mountFlags: defaultsTo(examples(mountOptions('Mount options.'), ['nosuid', 'nodev', 'noexec']), []),
    reserve: defaultsTo(
      examples(
        size('Room that must be left in it, for updates that are larger: a build that leaves less fails.', 0),
        '1 GiB',
      ),
      '0 B',
    ),
    grow: defaultsTo(flag('May grow to the end of a disk that was made larger; the last partition only.'), false),
  }),
};

/** The schema of a layout. */
export const layoutSchema: SchemaObject = {
  $schema: dialect,
  title: 'Caisson layout',
  description: 'The disk: its size, its partitions, and which directories of the running system are writable.',
  ...mapping(['partitions'], {
    name: leftOut(text('Name of the layout.', documentPattern, documentWords), 'the name of the file'),
    sectorSize: defaultsTo(oneOf('Logical sector in bytes, in quotes.', ['512', '4096'], 'sector size'), '512'),
    physicalSectorSize: defaultsTo(
      oneOf('Physical sector in bytes, in quotes.', ['512', '4096'], 'sector size'),
      '4096',
    ),
    alignment: defaultsTo(size('Partitions begin at a multiple of this.', 512), '1 MiB'),
    size: leftOut(examples(size('Size of the disk.', 1), '16 GiB'), 'what its partitions need'),
    empty: {
      ...list('Partitions of slot B that a new image carries empty: the first update fills them.', {
        type: 'string',
        description: 'Name of a partition.',
      }),
      uniqueItems: true,
      default: [],
      examples: [['BootB', 'RootFSB']],
    },
    partitions: {
      ...list('The partitions, in the order of the disk.', partition),
      minItems: 1,
      maxItems: 128,
      examples: [[{ name: 'Books', size: '64 MiB', type: 'linux', filesystem: 'ext4' }]],
    },
    overlays: {
      'x-default': 'none: the root is read-only as a whole',
      description:
        'Directories that are writable at run time: overlayfs with its upper layer on one partition, or in memory.',
      ...mapping(['paths'], {
        content: {
          ...text('Content of the partition that stores the upper layers.', documentPattern, documentWords),
          'x-default': 'none; changes are in memory and gone at the next boot',
        },
        store: {
          ...examples(absolutePath('Directory on that partition. Needed with `content`.'), '/.eflow/overlays'),
          'x-default': 'none, where changes are in memory',
        },
        paths: {
          examples: [['/etc', '/home', '/root', '/var']],
          ...list('Mount points: a path, or a mapping.', {
            description: 'A directory of the root file system.',
            'x-noun': 'overlay',
            anyOf: [absolutePath('The directory.'), overlayEntry],
          }),
          minItems: 1,
        },
        direct: defaultsTo(
          examples(
            list('Directories that are bind mounts from a partition, for what cannot live on overlayfs.', {
              description: 'One directory.',
              ...mapping(['path'], {
                path: absolutePath('A directory of the root file system.'),
                content: leftOut(
                  text('Content of the partition that keeps it.', documentPattern, documentWords),
                  'that of the overlays',
                ),
                flags: defaultsTo(mountOptions('Mount options.'), ['nosuid', 'nodev', 'noexec']),
              }),
            }),
            [{ path: '/var/lib/containers', flags: ['nosuid', 'nodev'] }],
          ),
          [],
        ),
        atUpdate: leftOut(
          examples(
            list('What becomes of a changed file that hides a newer one of the image. The longest path decides.', {
              description: 'A directory or a file.',
              ...mapping(['path', 'policy'], {
                path: absolutePath('A path in an overlay of mode full.'),
                policy: oneOf(
                  'keep: the changed file stays. take-new: it is set aside on the partition of the overlays, and the one of the image is seen.',
                  ['keep', 'take-new'],
                  'policy',
                ),
              }),
            }),
            [{ path: '/etc/chrony', policy: 'take-new' }],
          ),
          'changed files are kept',
        ),
      }),
    },
  }),
};
