/** Rootfs manifests: checked against their schema, resolved, then checked by rules that only report. */
import { fault } from './document.ts';
import type { Document } from './document.ts';
import { duplicateFaults } from './duplicates.ts';
import { manifestSchema } from './manifest-schema.ts';
import { listAt, mappingAt, valueText } from './paths.ts';
import type { Addition, Checked, Diagnostic, FeatureParts, Group, Manifest, Mirror, User } from './types.ts';
import type { Switch } from '../formats/declaration.ts';
import { compileSchema } from './validate.ts';
import type { Validator } from './validate.ts';

/** A manifest as written, accepted by its schema. */
export interface ManifestFile {
  name?: string;
  source?: 'debian';
  architecture?: 'amd64';
  suite: string;
  components?: string[];
  mirrors: { url: string; suites?: string[] }[];
  keyring?: string;
  variant?: 'essential' | 'extract';
  packages?: string[];
  exclude?: string[];
  remove?: { packages?: string[]; paths?: string[] };
  users?: (Partial<User> & Pick<User, 'name' | 'uid'>)[];
  groups?: (Partial<Group> & Pick<Group, 'name' | 'gid'>)[];
  units?: Partial<Manifest['units']>;
  modules?: string[];
  setuid?: string[];
  features?: Partial<Record<Addition, FeaturePartsFile>>;
}

type FeaturePartsFile = Partial<Omit<FeatureParts, 'units'>> & { units?: { enable?: string[] } };

const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Document -> manifest, or everything that is wrong with it. `name`: of the file, for a manifest that says none. */
export function checkManifest(document: Document, name: string): Checked<Manifest> {
  validate ??= compileSchema(manifestSchema);
  const faults = [...validate(document).faults, ...listFaults(document), ...unitFaults(document)];
  if (faults.length > 0) return { value: null, faults };
  const written = document.value as ManifestFile;
  return { value: resolveManifest(written, { name, file: document.file }), faults };
}

/** Fills in every default. Pure; reports nothing. */
export function resolveManifest(written: ManifestFile, { name, file }: { name: string; file: string }): Manifest {
  return {
    name: written.name ?? name,
    file,
    bases: [],
    source: written.source ?? 'debian',
    architecture: written.architecture ?? 'amd64',
    suite: written.suite,
    components: written.components ?? ['main'],
    mirrors: written.mirrors.map(({ url, suites }): Mirror => ({ url, suites: suites ?? [written.suite] })),
    keyring: written.keyring ?? DEBIAN_KEYRING,
    variant: written.variant ?? 'essential',
    packages: written.packages ?? [],
    exclude: written.exclude ?? [],
    remove: written.remove?.paths ?? [],
    removePackages: written.remove?.packages ?? [],
    users: (written.users ?? []).map(user => ({
      gid: user.uid,
      gecos: '',
      home: '/nonexistent',
      shell: '/usr/sbin/nologin',
      ...user,
    })),
    groups: (written.groups ?? []).map(group => ({ members: [], ...group })),
    units: { enable: [], disable: [], mask: [], ...written.units },
    modules: written.modules ?? [],
    setuid: written.setuid ?? null,
    features: Object.fromEntries(
      Object.entries(written.features ?? {}).map(([name, parts]) => [name, resolveParts(parts)]),
    ),
  };
}

function resolveParts({ packages, modules, units }: FeaturePartsFile): FeatureParts {
  return { packages: packages ?? [], modules: modules ?? [], units: { enable: units?.enable ?? [] } };
}

/** The manifest as an image with these additions installs it. */
export function withFeatures(manifest: Manifest, additions: Readonly<Record<Addition, Switch>>): Manifest {
  const parts = Object.entries(manifest.features).flatMap(([name, each]) =>
    additions[name as Addition] === 'on' ? [each] : [],
  );
  const joined = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())];
  return {
    ...manifest,
    packages: joined([manifest.packages, ...parts.map(each => each.packages)]),
    modules: joined([manifest.modules, ...parts.map(each => each.modules)]),
    units: {
      ...manifest.units,
      enable: joined([manifest.units.enable, ...parts.map(each => each.units.enable)]),
    },
  };
}

let validate: Validator | undefined;

function listFaults(document: Document): Diagnostic[] {
  const duplicates = (noun: string, list: string[], ...key: string[]): Diagnostic[] =>
    duplicateFaults(document, list, { key, noun });
  return [
    ...duplicates('package', ['packages']),
    ...duplicates('package', ['remove', 'packages']),
    ...duplicates('path', ['remove', 'paths']),
    ...duplicates('glob', ['exclude']),
    ...duplicates('user', ['users'], 'name'),
    ...duplicates('uid', ['users'], 'uid'),
    ...duplicates('group', ['groups'], 'name'),
    ...duplicates('gid', ['groups'], 'gid'),
    ...duplicates('module', ['modules']),
    ...duplicates('file', ['setuid']),
    ...['enable', 'disable', 'mask'].flatMap(list => duplicates('unit', ['units', list])),
  ];
}

/** A unit is enabled, disabled or masked: one of them. */
function unitFaults(document: Document): Diagnostic[] {
  const states = { enable: 'enabled', disable: 'disabled', mask: 'masked' };
  const first = new Map<unknown, string>();
  const faults: Diagnostic[] = [];
  for (const [list, state] of Object.entries(states)) {
    const units = listAt(mappingAt(document.value, ['units']), [list]);
    for (const [index, unit] of units.entries()) {
      const before = first.get(unit);
      if (before === undefined) first.set(unit, state);
      else if (before !== state)
        faults.push(fault(document, ['units', list, index], `${valueText(unit)} is both ${before} and ${state}`));
    }
  }
  return faults;
}
