/** /usr/lib/caisson/image.json: what an image promises, read out of the image itself by `provision` and `prove`. */

export const DECLARATION_PATH = '/usr/lib/caisson/image.json';

export type Switch = 'on' | 'off';

export interface Declaration {
  /** Raised when a reader of the older form would read it wrongly. */
  format: 1;
  image: string;
  version: string;
  /** Of the layout, in its order; without sizes and places, which an image may have changed. */
  partitions: DeclaredPartition[];
  overlays: DeclaredOverlays | null;
  ssh: DeclaredSsh | null;
  firewall: Firewall | null;
  features: { tpm: Switch; kvp: Switch; console: Switch };
  /** Can the verification of the root be switched off? Whether it is on is no promise: the same root serves both. */
  verifiedBoot: 'switchable' | 'enforced';
  /** Null: the machine takes no updates. */
  updates: DeclaredUpdates | null;
  /** Files that keep a setuid or setgid bit; null where nothing was stripped. */
  setuid: string[] | null;
  /** Kernel modules that may be loaded, dependencies included; null where nothing is blacklisted. */
  modules: string[] | null;
}

export interface DeclaredUpdates {
  /** Word that a bundle must have. */
  compatible: string;
}

export interface DeclaredPartition {
  name: string;
  content: string;
  slot: 'A' | 'B' | null;
  /** Type GUID, lower case. */
  type: string;
  filesystem: 'vfat' | 'ext4' | 'erofs' | 'squashfs' | 'none';
  label: string;
  mount: string;
  mountFlags: string[];
  grow: boolean;
}

export interface DeclaredOverlays {
  /** Content of the partition that stores the upper layers; '' for memory: each boot begins anew. */
  content: string;
  /** Directory on that partition, or in memory, absolute. */
  store: string;
  entries: { path: string; mode: 'full' | 'declared'; flags: string[] }[];
  /** Bind mounts from a partition itself, for what cannot live on overlayfs. */
  direct: { path: string; content: string; flags: string[] }[];
  /** What becomes of changed files that hide newer ones of the image. The longest path that covers a file decides; without one it is kept. */
  atUpdate: { path: string; policy: 'keep' | 'take-new' }[];
}

export interface DeclaredSsh {
  user: string;
  /** May the user become root without a password? */
  sudo: 'nopasswd' | 'none';
  transport: 'tcp' | 'vsock' | 'both';
}

/** `firewall:` of an image definition, every default filled in. */
export interface Firewall {
  input: 'drop' | 'accept';
  forward: 'drop' | 'accept';
  output: 'drop' | 'accept';
  /** How SSH over TCP is let in, for transports that use TCP. */
  ssh: { limit: RateLimit | null; from: string[] };
  allow: AllowedPort[];
  /** Lines of iptables-save(8) for the table `filter`, e.g. "-A INPUT -p tcp --dport 8080 -j ACCEPT". */
  rules: { v4: string[]; v6: string[] };
  /** Addresses that the rate limits remember. */
  remembered: number;
}

export interface AllowedPort {
  port: number;
  protocol: 'tcp' | 'udp';
  /** Addresses or networks in CIDR form, IPv4 and IPv6; empty: everybody. */
  from: string[];
  limit: RateLimit | null;
}

export interface RateLimit {
  connections: number;
  seconds: number;
}
