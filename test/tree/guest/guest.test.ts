import { describe, expect, test } from 'vitest';
import { DECLARATION_PATH } from '../../../pipeline/formats/declaration.ts';
import { guestUnits, hardenGuest, placeGuest, type Promises } from '../../../pipeline/tree/guest/guest.ts';
import { readContent } from '../../../pipeline/tree/tar.ts';
import { directory, lookup, place, textFile, type Tree } from '../../../pipeline/tree/tree.ts';
import { overlaysOf, partitionOf } from '../../stages/documents.ts';

const promises: Promises = {
  image: 'pelican',
  version: '2033.4',
  partitions: [
    partitionOf({ name: 'First', type: '11111111-0000-0000-0000-000000000000' }),
    partitionOf({ name: 'Other', type: '22222222-0000-0000-0000-000000000000' }),
    partitionOf({ name: 'Glow_B', content: 'lamp', slot: 'B', filesystem: 'vfat' }),
    partitionOf({ name: 'Last', type: '11111111-0000-0000-0000-000000000000', grow: true }),
  ],
  overlays: { ...overlaysOf('keep', '/.o', ['/etc']), atUpdate: [{ path: '/etc/hostname', policy: 'take-new' }] },
  ssh: { user: 'bosun', sudo: 'none', transport: 'tcp' },
  firewall: null,
  verifiedBoot: 'switchable',
  updates: null,
  features: { tpm: 'off', kvp: 'off', console: 'off' },
  setuid: null,
  modules: null,
};

const text = async (tree: Tree, path: string): Promise<string> =>
  (await readContent(lookup(tree, path)?.node ?? directory())).toString();

async function made(own: Partial<Promises> = {}): Promise<Tree> {
  const tree: Tree = new Map();
  await placeGuest(tree, { ...promises, ...own }, { selector: 'lamp', keyring: 'PEM of the harbour' });
  return tree;
}

describe('placeGuest', () => {
  test('writes down what is promised', async () => {
    expect(JSON.parse(await text(await made(), DECLARATION_PATH))).toEqual({ format: 1, ...promises });
  });

  test('tells the shell scripts what they need', async () => {
    expect(await text(await made(), '/usr/lib/caisson/guest.conf')).toMatch(
      /\nssh_user='bosun'\nssh_transport='tcp'\noverlay_store='\/\.o'\noverlay_policies='\/etc\/hostname\|take-new \/etc\/machine-id\|keep'\nverified_boot='switchable'\nstate_partitions='Glow_B'\nslots='B'\nslot_contents=''\nslot_partitions=''\nselector_partitions='Glow_B'\n$/,
    );
  });

  test('repart matches by type and in order: what is of the same type comes along, without a share', async () => {
    const tree = await made();
    const definitions = [...tree.keys()].filter(path => path.startsWith('/usr/lib/repart.d/')).sort();
    expect(await Promise.all(definitions.map(async path => text(tree, path)))).toEqual([
      '[Partition]\nType=11111111-0000-0000-0000-000000000000\nWeight=0\nPaddingWeight=0\n',
      '[Partition]\nType=11111111-0000-0000-0000-000000000000\nWeight=1000\nPaddingWeight=0\n',
    ]);
  });

  test('nothing grows where nothing is to', async () => {
    const tree = await made({ partitions: [partitionOf()] });
    expect([...tree.keys()].filter(path => path.includes('repart'))).toEqual([]);
  });

  test('a console logs its user in only when asked for', async () => {
    const on = { ...promises.features, console: 'on' } as const;
    expect(await text(await made({ features: on }), '/usr/lib/systemd/system/getty@.service.d/caisson.conf')).toContain(
      '--autologin bosun',
    );
    expect([...(await made()).keys()].some(path => path.includes('getty'))).toBe(false);
    expect(guestUnits({ ...promises, features: on }).enable).toContain('serial-getty@ttyS0.service');
    expect(guestUnits(promises).mask).toContain('serial-getty@.service');
  });
});

test('modules that may not be loaded are not there', async () => {
  const tree: Tree = new Map();
  place(tree, '/usr/lib/modules/1.2/modules.dep', textFile('deep/crab.ko:\ndeep/eel.ko:\n'));
  for (const name of ['crab', 'eel']) place(tree, `/usr/lib/modules/1.2/deep/${name}.ko`, textFile(name));
  await placeGuest(tree, { ...promises, modules: ['eel'] }, { selector: 'lamp', keyring: '' });
  expect([...tree.keys()].filter(path => path.endsWith('.ko'))).toEqual(['/usr/lib/modules/1.2/deep/eel.ko']);
  expect(await text(tree, '/usr/lib/modprobe.d/caisson-blacklist.conf')).toContain('install crab /bin/false');
});

describe('hardenGuest', () => {
  const tree = (): Tree => {
    const files: Tree = new Map();
    place(files, '/bin/keep', textFile('', 0o4755));
    place(files, '/bin/lose', textFile('', 0o6711));
    place(files, '/var/shared', directory(0o2775));
    return files;
  };

  test('takes setuid and setgid from every file but the named, and from no directory', () => {
    const files = tree();
    hardenGuest(files, { ...promises, setuid: ['/bin/keep'] });
    expect([...files].map(([path, { mode }]) => [path, mode.toString(8)])).toEqual(
      expect.arrayContaining([
        ['/bin/keep', '4755'],
        ['/bin/lose', '711'],
        ['/var/shared', '2775'],
      ]),
    );
  });

  test('takes capabilities from every file, the named among them, and no other attribute', () => {
    const files = tree();
    const xattrs = { 'security.capability': '\u0001', 'user.cargo': 'rope' };
    for (const path of ['/bin/keep', '/bin/lose']) place(files, path, { ...textFile('', 0o4755), xattrs });
    hardenGuest(files, { ...promises, setuid: ['/bin/keep'] });
    for (const path of ['/bin/keep', '/bin/lose']) expect(files.get(path)?.xattrs).toEqual({ 'user.cargo': 'rope' });
  });

  test('leaves all where the manifest says nothing', () => {
    const files = tree();
    place(files, '/bin/able', { ...textFile(''), xattrs: { 'security.capability': '\u0001' } });
    hardenGuest(files, promises);
    expect(files.get('/bin/lose')?.mode).toBe(0o6711);
    expect(files.get('/bin/able')?.xattrs).toEqual({ 'security.capability': '\u0001' });
  });

  test.each(['/bin/gone', '/var/shared'])('%s cannot be named', path => {
    expect(() => hardenGuest(tree(), { ...promises, setuid: [path] })).toThrow(`"${path}" of \`setuid\``);
  });
});
