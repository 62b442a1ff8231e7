import { describe, expect, it } from 'vitest';
import type { Declaration } from '../../pipeline/formats/declaration.ts';
import { decodeDeclaration } from '../../pipeline/formats/declaration-read.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';

const declaration: Declaration = {
  format: 1,
  image: 'kelp',
  version: '7.1',
  partitions: [
    {
      name: 'Hold',
      content: 'hold',
      slot: null,
      type: 'f24e92f4-84fe-4633-81e7-00e073b051ec',
      filesystem: 'ext4',
      label: 'HOLD',
      mount: '/hold',
      mountFlags: ['nodev'],
      grow: true,
    },
    {
      name: 'RootB',
      content: 'root',
      slot: 'B',
      type: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
      filesystem: 'squashfs',
      label: '',
      mount: '',
      mountFlags: [],
      grow: false,
    },
  ],
  overlays: {
    content: 'hold',
    store: '/.layers',
    entries: [{ path: '/etc', mode: 'declared', flags: ['nosuid'] }],
    direct: [{ path: '/var/lib/reef', content: 'hold', flags: ['exec'] }],
    atUpdate: [{ path: '/etc/reef', policy: 'take-new' }],
  },
  ssh: { user: 'mate', sudo: 'nopasswd', transport: 'both' },
  firewall: {
    input: 'drop',
    forward: 'accept',
    output: 'drop',
    ssh: { limit: { connections: 5, seconds: 30 }, from: ['10.0.0.0/8'] },
    allow: [{ port: 8443, protocol: 'udp', from: ['fd00::/8'], limit: null }],
    rules: { v4: ['-A INPUT -j LOG'], v6: [] },
    remembered: 4096,
  },
  verifiedBoot: 'switchable',
  updates: { compatible: 'dory' },
  features: { tpm: 'on', kvp: 'off', console: 'on' },
  setuid: ['/usr/bin/sudo'],
  modules: ['ext4', 'virtio_blk'],
};

const changed = (...change: [path: (string | number)[], value: unknown][]): string => {
  const copy = structuredClone(declaration) as unknown as Record<string, unknown>;
  for (const [path, value] of change) {
    let at = copy as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
    at[path.at(-1) ?? ''] = value;
  }
  return JSON.stringify(copy);
};

describe('a declaration', () => {
  it('comes back as it was written', () => {
    expect(decodeDeclaration(JSON.stringify(declaration))).toEqual(declaration);
  });

  it('may be silent where that is allowed, and say more than is known', () => {
    const silent = ['overlays', 'ssh', 'firewall', 'setuid', 'modules'];
    const text = changed(...silent.map((key): [string[], null] => [[key], null]), [['weather'], 'fair']);
    expect(decodeDeclaration(text)).toEqual({
      ...declaration,
      ...Object.fromEntries(silent.map(key => [key, null])),
    });
  });

  it('of an image that knew no policies keeps every changed file', () => {
    expect(decodeDeclaration(changed([['overlays', 'atUpdate'], undefined])).overlays?.atUpdate).toEqual([]);
  });

  it.each([2, '1', undefined])('of another format names it: %j', format => {
    expect(() => decodeDeclaration(changed([['format'], format]))).toThrow(FormatFault);
    expect(() => decodeDeclaration(changed([['format'], format]))).toThrow(
      `/usr/lib/caisson/image.json is of format ${JSON.stringify(format) ?? 'none'}; format 1 is known here`,
    );
  });

  it.each<[(string | number)[], unknown, string]>([
    [['image'], 7, 'image is not a text'],
    [['partitions'], {}, 'partitions is not a list'],
    [['partitions', 1], 'RootB', 'partitions[1] is not a JSON object'],
    [['partitions', 1, 'slot'], 'C', 'partitions[1].slot is not "A" or "B"'],
    [['partitions', 0, 'grow'], 'yes', 'partitions[0].grow is not true or false'],
    [['partitions', 0, 'mountFlags', 0], null, 'partitions[0].mountFlags[0] is not a text'],
    [['partitions', 0, 'filesystem'], 'ntfs', 'partitions[0].filesystem is not "vfat" or '],
    [['overlays'], [], 'overlays is not a JSON object'],
    [['overlays', 'entries', 0, 'mode'], 'half', 'overlays.entries[0].mode is not'],
    [['overlays', 'atUpdate', 0, 'policy'], 'ask', 'overlays.atUpdate[0].policy is not "keep" or "take-new"'],
    [['overlays', 'atUpdate'], 'keep', 'overlays.atUpdate is not a list'],
    [['ssh', 'transport'], 'telnet', 'ssh.transport is not'],
    [['firewall', 'allow', 0, 'port'], 1.5, 'firewall.allow[0].port is not a whole number'],
    [['features'], null, 'features is not a JSON object'],
    [['setuid'], 'all', 'setuid is not a list'],
    [['modules'], undefined, 'modules is not a list'],
  ])('is damaged when %j is %j', (path, value, message) => {
    expect(() => decodeDeclaration(changed([path, value]))).toThrow(message);
    expect(() => decodeDeclaration(changed([path, value]))).toThrow(FormatFault);
  });

  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'it is not a JSON object'],
    ['null', 'it is not a JSON object'],
  ])('is not %s', (text, message) => {
    expect(() => decodeDeclaration(text)).toThrow(`damaged /usr/lib/caisson/image.json: ${message}`);
  });
});
