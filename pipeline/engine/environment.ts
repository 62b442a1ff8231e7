/** What the command line knows of the machine and hands down; nothing below cli.ts reads process.env. */
import path from 'node:path';

export interface Environment {
  /** Cache folder: store, trees, pool, resolutions, scratch. */
  cache: string;
  /** True when effective uid is 0. */
  root: boolean;
  uid: number;
  user: string;
  /** PATH on the host, to find bwrap, unshare, apt-get and mmdebstrap. */
  path: string;
  /** http_proxy and friends, for programs that may use the network. */
  proxies: Readonly<Record<string, string>>;
  /** All variables of the caller, for PKCS#11 modules of the host alone: each is told by its own where its device is. */
  inherited: Readonly<Record<string, string>>;
}

/** Every program's environment: nothing of the user's leaks into an image. */
export function fixedEnvironment(epoch: number): Record<string, string> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/tmp',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    SOURCE_DATE_EPOCH: String(epoch),
    DEBIAN_FRONTEND: 'noninteractive',
  };
}

/** The folders of the cache. */
export function cacheFolders(cache: string) {
  const folder = (name: string) => path.join(cache, name);
  return {
    store: folder('store'),
    trees: folder('trees'),
    pool: folder('pool'),
    /** What packages of the pool hold; see commands/release/deb-contents.ts. */
    contents: folder('contents'),
    resolutions: folder('resolutions'),
    /** Control files of packages, by SHA-256; see controls.ts. */
    controls: folder('controls'),
    apt: folder('apt'),
    scratch: folder('scratch'),
    logs: folder('logs'),
    locks: folder('locks'),
    /** Machines that `caisson boot` runs; see machine/running.ts. */
    vms: folder('vms'),
  };
}
