/** What report.html of a build tells: plain data. Sizes in bytes, times in seconds, digests hexadecimal. */
import type { Bytes } from './bytes.ts';
import type { PcrValues } from './predicted-pcrs.ts';

export interface BuildReport {
  image: string;
  version: string;
  summary: string;
  layout: string;
  /** When it was built: ISO 8601 in UTC, to the second. */
  at: string;
  /** Of the whole command. */
  seconds: number;
  /** Steps at once, at most. */
  jobs: number;
  /** The time that every file of the image carries: seconds since 1970. */
  epoch: number;
  /** What `uname -r` says; empty for an image without a kernel image. */
  kernel: string;
  /** Null for an image without a disk. */
  disk: ReportDisk | null;
  /** Files of the output folder. */
  files: { name: string; bytes: Bytes; sha256: string }[];
  /** In order of the plan. */
  steps: ReportStep[];
  /** Other work than steps, as far as it was told of: packages, the tools tree. */
  beside: { id: string; summary: string; startedAt: number; seconds: number }[];
  /** Ids of the steps that the end waited for, first to last: of each that was built, the input that came last. */
  critical: string[];
  packages: ReportPackages;
  /** Of the root, the largest first. */
  largest: { path: string; bytes: Bytes }[];
  trust: ReportTrust;
  budgets: { name: string; limit: number; found: number }[];
  headroom: ReportRoom[];
  /** What the build said, and what is worth knowing of what it made. */
  warnings: ReportWarning[];
  /** As a person would type it; empty without one. */
  lock: string;
}

export interface ReportDisk {
  size: Bytes;
  sectorSize: Bytes;
  guid: string;
  partitions: ReportPartition[];
}

export interface ReportPartition {
  number: number;
  name: string;
  start: Bytes;
  /** Half open. */
  end: Bytes;
  /** Partition type GUID. */
  type: string;
  /** What people call that type, e.g. `esp`; null when it has no name here. */
  typeName: string | null;
  filesystem: string;
  slot: string | null;
  /** Empty for nowhere. */
  mount: string;
  grow: boolean;
  /** False for the partitions of a slot that is still empty. */
  filled: boolean;
  used: Bytes;
}

export interface ReportStep {
  id: string;
  stage: string;
  /** Ids of the steps that it reads. */
  inputs: string[];
  cached: boolean;
  /** Since the command began; null for what was not built now. */
  startedAt: number | null;
  /** Of this build; of what was reused, of when it was made. */
  seconds: number;
  bytes: Bytes;
}

export interface ReportPackages {
  /** `files`: what is there of them in the root. `archive`: what Debian says that they take. `none`: nothing is known. */
  sizes: 'files' | 'archive' | 'none';
  /** The largest first. */
  rows: { name: string; version: string; bytes: Bytes | null }[];
  /** Files of no package; null where they were not counted. */
  other: { bytes: Bytes; files: number } | null;
  /** Of every step, by manifest. */
  counts: { manifest: string; count: number }[];
}

export interface ReportTrust {
  verifiedBoot: string;
  /** Null for an image without a hash tree. */
  verity: ReportVerity | null;
  signers: ReportSigner[];
  /** Null where they are not known. */
  pcrs: PcrValues | null;
  profiles: { id: string; title: string; cmdline: string }[];
}

export interface ReportVerity {
  rootHash: string;
  salt: string;
  algorithm: string;
  blockSize: Bytes;
  dataBlocks: number;
  hashOffset: Bytes;
  fecOffset: Bytes;
  fecRoots: number;
}

export interface ReportSigner {
  /** What it signs. */
  what: 'boot programs' | 'update bundles' | 'releases';
  /** Where the key is. */
  key: 'file' | 'token';
  /** As the definition says it. */
  certificate: string;
  /** Of the certificate; null while it is not there. */
  details: { subject: string; issuer: string; sha256: string; until: string } | null;
  /** Programs or files that this image has signed by it. */
  signed: string[];
}

export interface ReportRoom {
  content: string;
  partitions: readonly string[];
  size: Bytes;
  used: Bytes;
  free: Bytes;
  reserve: Bytes;
}

export interface ReportWarning {
  /** `warning`: the build said so. `note`: so it is, maybe on purpose. */
  level: 'warning' | 'note';
  message: string;
  /** Empty for none. */
  hint: string;
}
