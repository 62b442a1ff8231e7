/** A small image with everything that a key can be made of. */
import type { PlanInput } from '../../pipeline/plan/plan.ts';
import type { Resolution } from '../../pipeline/engine/resolve.ts';
import { STAGES } from '../../pipeline/stages/index.ts';
import type { ResolvedPackage } from '../../pipeline/debian/stanza.ts';
import { imageOf, manifestOf, twoSlots } from '../stages/documents.ts';

export const packageOf = (name: string, depends = '', version = '3.1'): ResolvedPackage => ({
  name,
  version,
  architecture: 'amd64',
  uri: `http://mirror.example/${name}.deb`,
  bytes: 11,
  sha256: `${name} ${version}`,
  stanza: `Package: ${name}\nVersion: ${version}${depends === '' ? '' : `\nDepends: ${depends}`}`,
});

/** What apt said of a manifest, as it is recorded. */
export const resolutionOf = (manifest: string, packages: readonly ResolvedPackage[]): Resolution => ({
  manifest,
  question: 'q',
  digest: 'r',
  packages: [...packages],
  sources: [],
  locked: null,
});

const FILESYSTEM_TOOLS = ['e2fsprogs', 'libarchive13t64', 'squashfs-tools', 'dosfstools', 'mtools', 'qemu-utils'];

/** Made anew at each call, so that a test may change any of it. */
export function planInput(): PlanInput {
  const layout = twoSlots();
  return {
    image: imageOf({
      stages: [
        {
          id: 'trim',
          stage: 'command',
          inputs: { image: 'sys' },
          options: { script: 'scripts/trim.sh', tools: ['sed'] },
        },
        { id: 'parts', stage: 'packages', inputs: {}, options: { manifest: 'cargo' } },
        {
          id: 'hull',
          stage: 'tree',
          inputs: { tree: 'parts' },
          options: { manifest: 'cargo', overlays: ['paint'], system: {} },
        },
        { id: 'sys', stage: 'filesystem', inputs: { tree: 'hull' }, options: { content: 'sys', compression: 'lz4' } },
        { id: 'hold', stage: 'filesystem', inputs: {}, options: { content: 'hold' } },
      ],
    }),
    layout: {
      ...layout,
      partitions: layout.partitions.map(each => (each.name === 'Hold' ? { ...each, mount: '/hold' } : each)),
    },
    manifests: { cargo: manifestOf(), chest: manifestOf({ name: 'chest' }) },
    overlays: {
      paint: {
        name: 'paint',
        directory: '/host/overlays/paint',
        entries: [
          {
            path: '/etc/motd',
            type: 'file',
            mode: 0o640,
            uid: 3,
            gid: 4,
            source: '/host/overlays/paint/etc/motd',
            target: '',
            sha256: 'aa11',
          },
        ],
      },
    },
    files: { 'scripts/trim.sh': { path: '/host/scripts/trim.sh', sha256: 'bb22', mode: 0o755 } },
    stages: STAGES,
    certificates: { programs: null, bundles: null },
    keyring: null,
    packages: {
      chest: {
        digest: 'chest today',
        packages: [
          packageOf('mmdebstrap', 'perl'),
          packageOf('perl'),
          packageOf('apt'),
          packageOf('dpkg'),
          packageOf('erofs-utils', 'compressor (>= 2) | other'),
          packageOf('liblz', '', '9'),
          { ...packageOf('libdeep'), stanza: 'Package: libdeep\nProvides: compressor\nDepends: liblz' },
          ...FILESYSTEM_TOOLS.map(name => packageOf(name)),
          packageOf('dash'),
          packageOf('coreutils'),
          packageOf('sed'),
          packageOf('ballast'),
        ],
      },
      cargo: { digest: 'cargo today', packages: [] },
    },
  };
}
