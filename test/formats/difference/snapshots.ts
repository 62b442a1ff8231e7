/** Images that exist in a test alone. */
import type { Declaration, Firewall } from '../../../pipeline/formats/declaration.ts';
import type { ImageSnapshot, Snapshot } from '../../../pipeline/formats/difference.ts';
import { byPath, type ContentFile, type ImageContents } from '../../../pipeline/formats/image-contents.ts';
import type { InspectedPartition } from '../../../pipeline/formats/inspection.ts';

const MIB = 2 ** 20;

export function fileOf(path: string, own: Partial<ContentFile> = {}): ContentFile {
  const common = { path, type: 'file' as const, mode: 0o644, uid: 0, gid: 0, bytes: 7, target: null };
  return { ...common, sha256: own.type === undefined || own.type === 'file' ? `digest of ${path}` : null, ...own };
}

export function linkOf(path: string, target: string): ContentFile {
  return fileOf(path, { type: 'symlink', mode: 0o777, bytes: 0, target });
}

export function partitionOf(
  name: string,
  used: number | null,
  own: Partial<InspectedPartition> = {},
): InspectedPartition {
  const size = 64 * MIB;
  return {
    number: 1,
    name,
    type: '',
    typeName: null,
    uuid: '',
    attributes: [],
    slot: null,
    start: 0,
    end: size,
    size,
    content: 'filesystem',
    filesystem: null,
    verity: null,
    used,
    free: used === null ? null : size - used,
    efi: null,
    faults: [],
    ...own,
  };
}

export const FIREWALL: Firewall = {
  input: 'drop',
  forward: 'drop',
  output: 'accept',
  ssh: { limit: { connections: 3, seconds: 60 }, from: [] },
  allow: [{ port: 8443, protocol: 'tcp', from: [], limit: null }],
  rules: { v4: [], v6: [] },
  remembered: 100,
};

export function declarationOf(own: Partial<Declaration>): Declaration {
  return {
    format: 1,
    image: 'galleon',
    version: '4.5.6',
    partitions: [],
    overlays: null,
    ssh: null,
    firewall: FIREWALL,
    features: { tpm: 'off', kvp: 'off', console: 'off' },
    verifiedBoot: 'switchable',
    updates: null,
    setuid: null,
    modules: null,
    ...own,
  };
}

export interface SnapshotParts extends Partial<Omit<ImageSnapshot, 'texts'>> {
  name?: string;
  packages?: Snapshot['packages'];
  files?: ContentFile[];
  initrd?: ContentFile[];
  cmdline?: string;
  release?: string;
  rootHash?: string;
  partitions?: InspectedPartition[];
  programs?: ImageContents['programs'];
  fileSize?: number;
  texts?: Record<string, string>;
}

/** An image with nothing in it but what is given. */
export function snapshotOf(parts: SnapshotParts = {}): Snapshot & { image: ImageSnapshot } {
  const { name = 'galleon', packages = {}, files = [], initrd = [], partitions = [], programs = [] } = parts;
  const { cmdline = 'quiet', release = '6.1.9-keel', rootHash = 'aa11', fileSize = 9 * MIB, texts = {} } = parts;
  const container = { format: 'vhdx', size: 256 * MIB, fileSize, sectorSize: 512, vhdx: null };
  const contents: ImageContents = {
    inspection: { container, gpt: null, partitions, faults: [], notes: [] },
    root: { partition: 'RootFSA', filesystem: 'erofs', rootHash, files: files.toSorted(byPath) },
    kernel: {
      partition: 'BootA',
      path: '/slot.efi',
      release,
      commandLines: [{ id: 'a', cmdline }],
      sections: [],
      initrd: initrd.toSorted(byPath),
    },
    programs,
  };
  const { declaration = declarationOf({}), kernelConfig = null } = parts;
  return { name, packages, image: { contents, declaration, texts: new Map(Object.entries(texts)), kernelConfig } };
}
