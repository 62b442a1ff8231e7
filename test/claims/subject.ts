/** A guest and an outside that answer what a test tells them to. */
import type { Subject } from '../../pipeline/claims/claim.ts';
import type { DiskParts } from '../../pipeline/claims/disk-parts.ts';
import type { GuestMachine, Outside, Ran } from '../../pipeline/engine/machine/guest-machine.ts';
import type { Declaration } from '../../pipeline/formats/declaration.ts';

export const DECLARATION: Declaration = {
  format: 1,
  image: 'quagga',
  version: '7.3',
  partitions: [
    {
      name: 'HullA',
      content: 'hull',
      slot: 'A',
      type: 'x',
      filesystem: 'erofs',
      label: '',
      mount: '/',
      mountFlags: ['ro'],
      grow: false,
    },
    {
      name: 'HullB',
      content: 'hull',
      slot: 'B',
      type: 'x',
      filesystem: 'erofs',
      label: '',
      mount: '/',
      mountFlags: ['ro'],
      grow: false,
    },
    {
      name: 'Diary',
      content: 'diary',
      slot: null,
      type: 'y',
      filesystem: 'ext4',
      label: 'Diary',
      mount: '/diary',
      mountFlags: ['nosuid', 'noexec'],
      grow: false,
    },
    {
      name: 'Cargo',
      content: 'cargo',
      slot: null,
      type: 'z',
      filesystem: 'ext4',
      label: 'Cargo',
      mount: '',
      mountFlags: ['nosuid'],
      grow: true,
    },
  ],
  overlays: {
    content: 'cargo',
    store: '/.hold/layers',
    entries: [
      { path: '/etc', mode: 'declared', flags: ['nosuid'] },
      { path: '/opt', mode: 'full', flags: ['nosuid', 'nodev'] },
    ],
    direct: [{ path: '/var/lib/crates', content: 'cargo', flags: ['nosuid'] }],
    atUpdate: [],
  },
  ssh: { user: 'purser', sudo: 'nopasswd', transport: 'both' },
  firewall: {
    input: 'drop',
    forward: 'drop',
    output: 'accept',
    ssh: { limit: { connections: 2, seconds: 9 }, from: [] },
    allow: [{ port: 8443, protocol: 'tcp', from: ['10.77.0.0/16'], limit: null }],
    rules: { v4: [], v6: [] },
    remembered: 12,
  },
  verifiedBoot: 'switchable',
  updates: null,
  features: { tpm: 'off', kvp: 'off', console: 'off' },
  setuid: ['/usr/bin/sudo'],
  modules: ['erofs', 'dm-verity'],
};

export interface Fake {
  /** Lines of stdout for any script. */
  says: readonly string[];
  exitCode: number;
  console: readonly string[];
  outside: Outside | null;
  declaration: Declaration;
  before: string;
  hostKeys: readonly string[];
  disk: DiskParts;
}

const NO_DISK: DiskParts = { read: async () => new Uint8Array(), partitions: [], files: [], roots: [] };

export function subject(own: Partial<Fake>): Subject & { scripts: string[] } {
  const { says = [], exitCode = 0, console = [], outside = null, before = '', hostKeys = [] } = own;
  const scripts: string[] = [];
  const machine: GuestMachine = {
    sh: async script => {
      scripts.push(script);
      return { exitCode, stdout: `${says.join('\n')}\n`, stderr: exitCode === 0 ? '' : 'sh: adrift' };
    },
    console,
    type: () => undefined,
    waitForLine: async () => '',
    hostKeys,
    bootSeconds: 12.34,
    bootTimes: { kernel: 3, init: 5, ready: 12.34 },
    boots: 1,
    reboot: async () => undefined,
    reset: async () => undefined,
    connect: async () => undefined,
    powerOff: async () => undefined,
    cutPower: async () => undefined,
    kill: async () => undefined,
    outside,
    noOutside: 'no tun here',
  };
  return {
    declaration: own.declaration ?? DECLARATION,
    machine,
    before,
    keys: {
      user: '/keys/own',
      foreign: '/keys/foreign',
      certified: { key: '/keys/c', certificate: '/keys/c-cert.pub' },
      foreignCertified: { key: '/keys/f', certificate: '/keys/f-cert.pub' },
    },
    image: {
      rootHashes: { A: 'ab'.repeat(32) },
      diskGuid: 'aaaa',
      otherDiskGuid: 'bbbb',
      disk: own.disk ?? NO_DISK,
      predictedPcrs: null,
    },
    scripts,
  };
}

export function outside(own: Partial<Outside>): Outside {
  let taken = 0;
  return {
    guest4: '192.0.2.9',
    guest6: 'fd00::9',
    take: async () => {
      taken += 1;
      return { v4: `192.0.2.${100 + taken}`, v6: `fd00:${taken}::1` };
    },
    takeNeighbour: async v6 => v6.replace(/1$/, '2'),
    run: async () => ran({}),
    serve: async () => ({ url: 'https://192.0.2.7', certificate: 'PEM', stop: async () => undefined }),
    ssh: async () => ran({}),
    tcp: async () => 'no answer',
    ...own,
  };
}

export function ran(own: Partial<Ran>): Ran {
  return { exitCode: 0, stdout: '', stderr: '', ...own };
}
