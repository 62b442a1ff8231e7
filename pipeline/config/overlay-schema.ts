/** overlays/NAME/overlay.yaml: modes and owners, which git does not keep. */
import { absolutePattern, defaultsTo, dialect, examples, leftOut, mapping, mode, text } from './schema-words.ts';
import type { SchemaObject } from './schema-words.ts';

const owner = (description: string): SchemaObject =>
  text(description, '^[0-9]{1,5}:[0-9]{1,5}$', 'numeric "UID:GID", e.g. "0:0"');

/** The schema of an overlay.yaml. */
export const overlaySchema: SchemaObject = {
  $schema: dialect,
  title: 'Caisson overlay tree',
  description: 'Modes and owners of the files beside it.',
  ...mapping([], {
    defaults: {
      description: 'For every file that no entry below names.',
      default: {},
      examples: [{ file: '0640' }],
      ...mapping([], {
        file: defaultsTo(mode('Mode of files.'), '0644'),
        executable: defaultsTo(mode('Mode of files that their owner may execute.'), '0755'),
        directory: defaultsTo(mode('Mode of directories.'), '0755'),
        owner: defaultsTo(owner('Owner and group of everything.'), '0:0'),
      }),
    },
    entries: {
      type: 'object',
      default: {},
      examples: [{ '/etc/gateway.key': { mode: '0600' } }],
      description:
        'By path in the root file system, or glob (* and ? within a name, ** across folders); later ones win.',
      propertyNames: {
        type: 'string',
        pattern: absolutePattern,
        'x-allowed': 'an absolute path or glob, e.g. "/etc/*.conf"',
      },
      additionalProperties: {
        description: 'What this file, or each of these, has.',
        ...mapping([], {
          mode: leftOut(examples(mode('Mode.'), '0600'), 'as the entry before it, or `defaults`, has it'),
          owner: leftOut(examples(owner('Owner and group.'), '0:101'), 'as the entry before it, or `defaults`, has it'),
        }),
        minProperties: 1,
      },
    },
  }),
};
