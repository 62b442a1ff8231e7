/** Names of the files of a release, and SHA256SUMS, which names them all. */
import { FormatFault } from './fault.ts';

export interface ReleaseFiles {
  /** What build.json of a build is, without what differs from run to run. */
  record: string;
  lock: string;
  /** CycloneDX. */
  sbom: string;
  /** Every file of the root, as mtree(5). */
  mtree: string;
  kernelConfig: string;
  /** DSSE envelope around an in-toto Statement. */
  provenance: string;
  /** As sha256sum(1) writes it, of all files but itself and `signature`. */
  sums: string;
  /** Of `sums`: RSA PKCS#1 v1.5 with SHA-256, nothing else. */
  signature: string;
  /** The full update bundle. */
  bundle: string;
}

/** Beside these stand the containers, IMAGE.FORMAT. */
export function releaseFiles(image: string, version: string): ReleaseFiles {
  return {
    record: 'build.json',
    lock: `${image}.lock.yaml`,
    sbom: `${image}.cdx.json`,
    mtree: `${image}.mtree`,
    kernelConfig: `${image}.kernel-config`,
    provenance: `${image}.intoto.jsonl`,
    sums: SUMS,
    signature: `${SUMS}.sig`,
    bundle: `${image}-${version}.raucb`,
  };
}

const SUMS = 'SHA256SUMS';

export interface FileDigest {
  /** Without a folder. */
  name: string;
  /** Hexadecimal. */
  sha256: string;
}

/** Text of SHA256SUMS; names in byte order. */
export function encodeSums(files: readonly FileDigest[]): string {
  const lines = files.map(({ name, sha256 }) => ({ name, line: `${sha256}  ${name}\n` }));
  return lines
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    .map(({ line }) => line)
    .join('');
}

/** A name that leads nowhere else: all that images, versions and formats are made of. */
const LINE = /^([0-9a-f]{64}) [ *]([0-9A-Za-z][0-9A-Za-z.+~_-]*)$/;

/** Throws FormatFault for text that is not such a list, and for a name that stands there twice. */
export function decodeSums(text: string): FileDigest[] {
  const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : [];
  const files = lines.map((line, index) => {
    const [, sha256, name] = LINE.exec(line) ?? [];
    if (sha256 === undefined || name === undefined)
      throw new FormatFault(`${SUMS}, line ${index + 1}: not a SHA-256 and the name of a file`, WHOLE);
    return { name, sha256 };
  });
  const twice = files.find((file, index) => files.findIndex(({ name }) => name === file.name) !== index);
  if (files.length === 0) throw new FormatFault(`${SUMS} is empty, or its last line has no end`, WHOLE);
  if (twice !== undefined) throw new FormatFault(`${SUMS} names ${twice.name} twice`, WHOLE);
  return files;
}

const WHOLE = 'fetch the file again from where the release is kept';
