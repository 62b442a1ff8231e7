/** rootfs-manifests/NAME.yaml: what a tree of the distribution consists of. */
import {
  absolutePath,
  defaultsTo,
  dialect,
  documentPattern,
  documentWords,
  examples,
  extending,
  leftOut,
  list,
  mapping,
  oneOf,
  text,
} from './schema-words.ts';
import type { SchemaObject } from './schema-words.ts';

/** Above these stand nobody, the overflow id and the ids of user namespaces. */
const MOST_ID = 65533;

const account = (description: string): SchemaObject =>
  text(description, '^[a-z_][a-z0-9_-]{0,31}$', 'an account name of a-z, 0-9, "_" and "-", at most 32');

const numericId = (description: string): SchemaObject => ({
  type: 'integer',
  minimum: 0,
  maximum: MOST_ID,
  description,
});

/** Policy 5.6.7; no "-" at the end, which apt reads as "remove". */
const packageName = text(
  'A binary package.',
  '^[a-z0-9][a-z0-9+.-]*[a-z0-9+.]$',
  'a package name of a-z, 0-9, "+", "-" and "."',
);

const unit = text(
  'A systemd unit.',
  String.raw`^[A-Za-z0-9:_.\\@-]+\.(service|socket|timer|target|mount|automount|path|slice|swap)$`,
  'a unit name with its suffix, e.g. "ssh.service"',
);

const word = (description: string): SchemaObject =>
  text(description, '^[a-z0-9][a-z0-9./-]*$', 'a word of a-z, 0-9, "-", "." and "/"');

const url = text(
  'Where the archive is.',
  String.raw`^https?://(?!\S*%(?![0-9A-Fa-f]{2}))[^\s/]\S*$`,
  'a URL beginning with http:// or https://',
);

/** A colon would begin the next field of passwd(5). */
const accountPath = (description: string): SchemaObject =>
  text(description, String.raw`^(?!.*/\.\.(/|$))/[^:\n]*$`, 'an absolute path without ".." and ":"');

const kernelModule = text('A module.', '^[A-Za-z0-9_-]+$', 'a module name without path and ".ko"');

const orNone = (schema: SchemaObject): SchemaObject => defaultsTo(schema, []);

const featureParts: SchemaObject = {
  description: 'Joined to the lists of the same names.',
  'x-default': 'nothing comes with it',
  ...mapping([], {
    packages: orNone(list('Packages to install, without version.', packageName)),
    modules: orNone(list('Kernel modules.', kernelModule)),
    units: {
      description: 'What systemd starts.',
      default: {},
      ...mapping([], { enable: orNone(list('Units started.', unit)) }),
    },
  }),
};

const user: SchemaObject = {
  description: 'A user account; it gets no password.',
  ...mapping(['name', 'uid'], {
    name: account('Login name.'),
    uid: numericId('User id.'),
    gid: leftOut(numericId('Id of the primary group.'), 'the uid'),
    gecos: defaultsTo(text('Full name.', String.raw`^[^:\n]*$`, 'a string on one line without ":"'), ''),
    home: defaultsTo(accountPath('Home directory.'), '/nonexistent'),
    shell: defaultsTo(accountPath('Login shell.'), '/usr/sbin/nologin'),
  }),
};

const group: SchemaObject = {
  description: 'A group.',
  ...mapping(['name', 'gid'], {
    name: account('Name of the group.'),
    gid: numericId('Group id.'),
    members: orNone(list('Users in the group.', account('A user.'))),
  }),
};

/** The schema of a rootfs manifest. */
export const manifestSchema: SchemaObject = {
  $schema: dialect,
  title: 'Caisson rootfs manifest',
  description: 'Packages, users, units and removals of one root file system.',
  ...mapping(['suite', 'mirrors'], {
    extends: extending(
      'The manifest that this one stands on: rootfs-manifests/NAME.yaml of the project, else of Caisson. All that it says holds, but for its name; lists get longer, and null takes a value away.',
      'base',
    ),
    name: leftOut(text('Name of the manifest.', documentPattern, documentWords), 'the name of the file'),
    source: defaultsTo(oneOf('Where packages come from.', ['debian'], 'source'), 'debian'),
    architecture: defaultsTo(oneOf('Architecture of the packages.', ['amd64'], 'architecture'), 'amd64'),
    suite: examples(word('Suite that is installed.'), 'trixie'),
    components: { ...list('Components of the archive.', word('A component.')), minItems: 1, default: ['main'] },
    mirrors: {
      examples: [[{ url: 'http://deb.debian.org/debian', suites: ['trixie', 'trixie-updates'] }]],
      ...list('Archives, in the order apt asks them.', {
        description: 'An archive and the suites taken from it.',
        ...mapping(['url'], {
          url,
          suites: {
            ...list('Suites taken from it.', word('A suite.')),
            minItems: 1,
            'x-default': 'the suite of the manifest',
          },
        }),
      }),
      minItems: 1,
    },
    keyring: defaultsTo(
      absolutePath('Keyring that signs the Release files.'),
      '/usr/share/keyrings/debian-archive-keyring.gpg',
    ),
    variant: defaultsTo(
      oneOf(
        'essential: the Essential packages too, maintainer scripts run. extract: only unpacked.',
        ['essential', 'extract'],
        'variant',
      ),
      'essential',
    ),
    packages: orNone(examples(list('Packages to install, without version.', packageName), ['podman', 'curl'])),
    exclude: orNone(
      examples(list('dpkg path-exclude globs: never unpacked.', absolutePath('A glob.')), ['/usr/share/doc/*']),
    ),
    remove: {
      description: 'Taken away after installation.',
      default: {},
      examples: [{ packages: ['tzdata'], paths: ['/var/cache/*'] }],
      ...mapping([], {
        packages: orNone(list('Packages purged, whatever depends on them.', packageName)),
        paths: orNone(examples(list('Paths and globs deleted.', absolutePath('A path or glob.')), ['/var/cache/*'])),
      }),
    },
    users: orNone(
      examples(list('Accounts, beyond those of the packages.', user), [
        { name: 'gateway', uid: 900, home: '/var/lib/gateway' },
      ]),
    ),
    groups: orNone(examples(list('Groups, beyond those of the packages.', group), [{ name: 'gateway', gid: 900 }])),
    units: {
      description: 'What systemd starts.',
      default: {},
      examples: [{ enable: ['gateway.service'], mask: ['apt-daily.timer'] }],
      ...mapping([], {
        enable: orNone(list('Units started.', unit)),
        disable: orNone(list('Units not started by themselves.', unit)),
        mask: orNone(list('Units that cannot be started.', unit)),
      }),
    },
    modules: orNone(
      examples(
        list(
          'Of an initrd: kernel modules it carries, with what they need, and loads. Of a root: those that may be loaded; all others are taken away, and blacklisted.',
          kernelModule,
        ),
        ['hv_storvsc', 'ext4'],
      ),
    ),
    setuid: leftOut(
      examples(list('Files that keep their setuid or setgid bit; all others lose it.', absolutePath('A file.')), [
        '/usr/bin/sudo',
      ]),
      'all keep it',
    ),
    features: {
      description: 'What comes on top when the image has a feature on; `updates`: when it takes updates.',
      default: {},
      examples: [{ tpm: { packages: ['tpm2-tools'] } }],
      ...mapping([], { tpm: featureParts, kvp: featureParts, console: featureParts, updates: featureParts }),
    },
  }),
};
