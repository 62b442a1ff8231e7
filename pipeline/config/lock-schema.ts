/** rootfs-manifests/IMAGE.lock.yaml: which packages each manifest of an image means. */
import { list, mapping, text } from './schema-words.ts';
import type { SchemaObject } from './schema-words.ts';

/** The format that is written, and the only one that is read. */
export const LOCK_FORMAT = 1;

const word = (description: string): SchemaObject => text(description, String.raw`^\S+$`, 'a word without spaces');

const packageName = text('A binary package.', '^[a-z0-9][a-z0-9+.-]*$', 'a package name of a-z, 0-9, "+", "-" and "."');

const digest = text('SHA-256.', '^[0-9a-f]{64}$', '64 hexadecimal digits');

/** Every step is a name: no "..", nothing absolute, nothing that a shell or a URL reads otherwise. */
const path = text(
  'Where the file is below its mirror.',
  String.raw`^(?!(?:.*/)?\.{1,2}(?:/|$))[A-Za-z0-9._~+:@-]+(?:/[A-Za-z0-9._~+:@-]+)*\.deb$`,
  'a path below the mirror to a .deb file, without ".."',
);

const source = {
  description: 'A suite of a mirror as it was, with its signature verified.',
  ...mapping(['url', 'suite', 'sha256', 'date'], {
    url: word('The mirror.'),
    suite: word('The suite.'),
    sha256: digest,
    date: text('`Date` of its Release file.', String.raw`^[^\n]*$`, 'a date on one line'),
  }),
};

const packaged = {
  description: 'A package.',
  ...mapping(['name', 'version', 'architecture', 'path', 'bytes', 'sha256'], {
    name: packageName,
    version: text('Its version.', '^[A-Za-z0-9.+:~-]+$', 'a version of letters, digits, ".", "+", ":", "~" and "-"'),
    architecture: word('Its architecture, or all.'),
    path,
    bytes: { type: 'integer', minimum: 1, description: 'Length of the file.' },
    sha256: digest,
  }),
};

export const lockSchema: SchemaObject = {
  title: 'Caisson lock file',
  ...mapping(['lock', 'image', 'manifests', 'digest'], {
    lock: { type: 'integer', description: 'Number of the format.' },
    image: word('The definition it is of.'),
    manifests: {
      type: 'object',
      description: 'By name of the manifest.',
      additionalProperties: mapping(['architecture', 'suite', 'question', 'asks', 'sources', 'packages'], {
        architecture: word('Architecture of the manifest.'),
        suite: word('Suite of the manifest.'),
        question: digest,
        asks: list('The packages that the manifest names.', packageName),
        sources: list('Whose index said so.', source),
        packages: list('What the manifest means.', packaged),
      }),
    },
    digest,
  }),
};
