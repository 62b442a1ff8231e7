/** layouts/NAME.yaml: the disk and its partitions. */
import { PARTITION_TYPES } from '../formats/guid.ts';
import {
  absolutePath,
  dialect,
  documentPattern,
  documentWords,
  flag,
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
    mode: oneOf(
      'full: every change is kept. declared: only host keys, machine-id, host name, user keys and drop-ins are, each checked; for /etc. Default: full.',
      ['full', 'declared'],
      'mode',
    ),
    flags: mountOptions('Mount options. Default: nosuid, nodev.'),
  }),
};

const partition: SchemaObject = {
  description: 'One partition; its number is its place in the list.',
  ...mapping(['name', 'size', 'type'], {
    name: { ...line('GPT name, at most 36 UTF-16 units: unique on the disk.'), minLength: 1 },
    content: text(
      'What the disk stage puts here; both slots of a pair name the same. Default: the name in lower case, without the letter of its slot.',
      documentPattern,
      documentWords,
    ),
    slot: oneOf('The slot it belongs to; left out: shared by both.', ['A', 'B'], 'slot'),
    start: size('Where it begins, e.g. "1 GiB". Default: behind the partition before, aligned.', 0),
    size: size('How large it is, e.g. "4 GiB".', 1),
    type: {
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
    },
    filesystem: oneOf('What it holds. Default: none.', ['vfat', 'ext4', 'erofs', 'squashfs', 'none'], 'file system'),
    label: { ...line('Label of the file system. Default: no label.'), minLength: 1 },
    mount: absolutePath('Where the running system mounts it, e.g. "/logs". Default: nowhere.'),
    mountFlags: mountOptions('Mount options, e.g. nosuid.'),
    reserve: size(
      'Room that must be left in it, for updates that are larger: a build that leaves less fails. Default: "0 B".',
      0,
    ),
    grow: flag('May grow to the end of a disk that was made larger; the last partition only. Default: false.'),
  }),
};

/** The schema of a layout. */
export const layoutSchema: SchemaObject = {
  $schema: dialect,
  title: 'Caisson layout',
  description: 'The disk: its size, its partitions, and which directories of the running system are writable.',
  ...mapping(['partitions'], {
    name: text('Name of the layout. Default: the name of the file.', documentPattern, documentWords),
    sectorSize: oneOf('Logical sector in bytes, in quotes. Default: "512".', ['512', '4096'], 'sector size'),
    physicalSectorSize: oneOf('Physical sector in bytes, in quotes. Default: "4096".', ['512', '4096'], 'sector size'),
    alignment: size('Partitions begin at a multiple of this. Default: "1 MiB".', 512),
    size: size('Size of the disk. Default: what its partitions need.', 1),
    empty: {
      ...list('Partitions of slot B that a new image carries empty: the first update fills them. Default: none.', {
        type: 'string',
        description: 'Name of a partition.',
      }),
      uniqueItems: true,
    },
    partitions: { ...list('The partitions, in the order of the disk.', partition), minItems: 1, maxItems: 128 },
    overlays: {
      description: 'Directories that are writable at run time: overlayfs with its upper layer on one partition.',
      ...mapping(['content', 'store', 'paths'], {
        content: text('Content of the partition that stores the upper layers.', documentPattern, documentWords),
        store: absolutePath('Directory on that partition, e.g. "/.eflow/overlays".'),
        paths: {
          ...list('Mount points: a path, e.g. "/etc", or a mapping.', {
            description: 'A directory of the root file system.',
            'x-noun': 'overlay',
            anyOf: [absolutePath('The directory.'), overlayEntry],
          }),
          minItems: 1,
        },
        direct: list('Directories that are bind mounts from a partition, for what cannot live on overlayfs.', {
          description: 'One directory.',
          ...mapping(['path'], {
            path: absolutePath('A directory of the root file system, e.g. "/var/lib/containers".'),
            content: text(
              'Content of the partition that keeps it. Default: that of the overlays.',
              documentPattern,
              documentWords,
            ),
            flags: mountOptions('Mount options. Default: nosuid, nodev, noexec.'),
          }),
        }),
        atUpdate: list(
          'What becomes of a changed file that hides a newer one of the image. The longest path decides. Default: keep.',
          {
            description: 'A directory or a file.',
            ...mapping(['path', 'policy'], {
              path: absolutePath('A path in an overlay of mode full, e.g. "/etc/chrony".'),
              policy: oneOf(
                'keep: the changed file stays. take-new: it is set aside on the partition of the overlays, and the one of the image is seen.',
                ['keep', 'take-new'],
                'policy',
              ),
            }),
          },
        ),
      }),
    },
  }),
};
