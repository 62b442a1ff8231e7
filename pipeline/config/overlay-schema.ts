/** overlays/NAME/overlay.yaml: modes and owners, which git does not keep. */
import { absolutePattern, dialect, mapping, mode, text } from './schema-words.ts';
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
      description: 'For every entry that no glob below names.',
      ...mapping([], {
        file: mode('Files. Default: "0644".'),
        executable: mode('Files that their owner may execute. Default: "0755".'),
        directory: mode('Directories. Default: "0755".'),
        owner: owner('Owner of everything. Default: "0:0".'),
      }),
    },
    entries: {
      type: 'object',
      description:
        'By path in the root file system, or glob (* and ? within a name, ** across folders); later ones win.',
      propertyNames: {
        type: 'string',
        pattern: absolutePattern,
        'x-allowed': 'an absolute path or glob, e.g. "/etc/*.conf"',
      },
      additionalProperties: {
        ...mapping([], { mode: mode('Mode, e.g. "0600".'), owner: owner('Owner and group, e.g. "0:101".') }),
        minProperties: 1,
      },
    },
  }),
};
