/** rootfs-manifests/NAME.yaml: what a tree of the distribution consists of. */
import { absolutePath, dialect, documentPattern, documentWords, list, mapping, oneOf, text } from './schema-words.ts';
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

const featureParts: SchemaObject = {
  description: 'Joined to the lists of the same names.',
  ...mapping([], {
    packages: list('Packages to install, without version.', packageName),
    modules: list('Kernel modules.', kernelModule),
    units: { description: 'What systemd starts.', ...mapping([], { enable: list('Units started.', unit) }) },
  }),
};

const user: SchemaObject = {
  description: 'A user account; it gets no password.',
  ...mapping(['name', 'uid'], {
    name: account('Login name.'),
    uid: numericId('User id.'),
    gid: numericId('Id of the primary group. Default: the uid.'),
    gecos: text('Full name. Default: empty.', String.raw`^[^:\n]*$`, 'a string on one line without ":"'),
    home: accountPath('Home directory. Default: "/nonexistent".'),
    shell: accountPath('Login shell. Default: "/usr/sbin/nologin".'),
  }),
};

const group: SchemaObject = {
  description: 'A group.',
  ...mapping(['name', 'gid'], {
    name: account('Name of the group.'),
    gid: numericId('Group id.'),
    members: list('Users in the group. Default: none.', account('A user.')),
  }),
};

/** The schema of a rootfs manifest. */
export const manifestSchema: SchemaObject = {
  $schema: dialect,
  title: 'Caisson rootfs manifest',
  description: 'Packages, users, units and removals of one root file system.',
  ...mapping(['suite', 'mirrors'], {
    name: text('Name of the manifest. Default: the name of the file.', documentPattern, documentWords),
    source: oneOf('Where packages come from. Default: debian.', ['debian'], 'source'),
    architecture: oneOf('Architecture of the packages. Default: amd64.', ['amd64'], 'architecture'),
    suite: word('Suite that is installed, e.g. trixie.'),
    components: { ...list('Components of the archive. Default: main.', word('A component.')), minItems: 1 },
    mirrors: {
      ...list('Archives, in the order apt asks them.', {
        description: 'An archive and the suites taken from it.',
        ...mapping(['url'], {
          url,
          suites: { ...list('Default: the suite of the manifest.', word('A suite.')), minItems: 1 },
        }),
      }),
      minItems: 1,
    },
    keyring: absolutePath(
      'Keyring that signs the Release files. Default: "/usr/share/keyrings/debian-archive-keyring.gpg".',
    ),
    variant: oneOf(
      'essential: the Essential packages too, maintainer scripts run. extract: only unpacked. Default: essential.',
      ['essential', 'extract'],
      'variant',
    ),
    packages: list('Packages to install, without version.', packageName),
    exclude: list('dpkg path-exclude globs: never unpacked.', absolutePath('A glob, e.g. "/usr/share/doc/*".')),
    remove: {
      description: 'Taken away after installation.',
      ...mapping([], {
        packages: list('Packages purged, whatever depends on them.', packageName),
        paths: list('Paths and globs deleted.', absolutePath('A path or glob.')),
      }),
    },
    users: list('Accounts, beyond those of the packages.', user),
    groups: list('Groups, beyond those of the packages.', group),
    units: {
      description: 'What systemd starts.',
      ...mapping([], {
        enable: list('Units started.', unit),
        disable: list('Units not started by themselves.', unit),
        mask: list('Units that cannot be started.', unit),
      }),
    },
    modules: list(
      'Of an initrd: kernel modules it carries, with what they need, and loads. Of a root: those that may be loaded; all others are taken away, and blacklisted.',
      kernelModule,
    ),
    setuid: list(
      'Files that keep their setuid or setgid bit; all others lose it. Default: all keep it.',
      absolutePath('A file.'),
    ),
    features: {
      description: 'What comes on top when the image has a feature on; `updates`: when it takes updates.',
      ...mapping([], { tpm: featureParts, kvp: featureParts, console: featureParts, updates: featureParts }),
    },
  }),
};
