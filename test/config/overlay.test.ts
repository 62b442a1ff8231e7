import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatDiagnostic, sortDiagnostics } from '../../pipeline/config/diagnostic.ts';
import { loadOverlay } from '../../pipeline/config/overlay.ts';
import { projectFolder } from './project-folder.ts';

const folder = projectFolder({
  'overlays/plain/etc/motd': 'hello\n',
  'overlays/plain/usr/bin/tool': '#!/bin/sh\n',
  'overlays/plain/etc/link': '-> /nowhere/at/all',
  'overlays/plain/usr/share': '-> /etc',
  'overlays/plain/etc/overlay.yaml': 'a file of the image\n',
  'overlays/plain/empty/': '',
});

const faultsOf = async (name: string): Promise<string[]> => {
  const { value, faults } = await loadOverlay(path.join(folder.path, 'overlays', name));
  expect(value).toBe(null);
  return sortDiagnostics(faults).map(each => folder.relative(formatDiagnostic(each)));
};

/** `path type mode uid:gid target` */
const entriesOf = async (name: string): Promise<string[]> => {
  const { value, faults } = await loadOverlay(path.join(folder.path, 'overlays', name));
  expect(faults).toEqual([]);
  return (value?.entries ?? []).map(
    ({ path: place, type, mode, uid, gid, target }) =>
      `${place} ${type} ${mode.toString(8)} ${uid}:${gid}${target === '' ? '' : ` -> ${target}`}`,
  );
};

test('defaults come from the kind and the x bit of the owner, sorted by path', async () => {
  await chmod(path.join(folder.path, 'overlays/plain/etc/motd'), 0o664);
  await chmod(path.join(folder.path, 'overlays/plain/usr/bin/tool'), 0o700);
  await chmod(path.join(folder.path, 'overlays/plain/usr/bin'), 0o770);
  expect(await entriesOf('plain')).toEqual([
    '/empty directory 755 0:0',
    '/etc directory 755 0:0',
    '/etc/link symlink 777 0:0 -> /nowhere/at/all',
    '/etc/motd file 644 0:0',
    '/etc/overlay.yaml file 644 0:0',
    '/usr directory 755 0:0',
    '/usr/bin directory 755 0:0',
    '/usr/bin/tool file 755 0:0',
    '/usr/share symlink 777 0:0 -> /etc',
  ]);
});

test('files carry their digest and their place on the host', async () => {
  const { value } = await loadOverlay(path.join(folder.path, 'overlays', 'plain'));
  const motd = value?.entries.find(entry => entry.path === '/etc/motd');
  expect(motd).toMatchObject({
    source: path.join(folder.path, 'overlays/plain/etc/motd'),
    sha256: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
  });
  expect(
    value?.entries.filter(({ type }) => type !== 'file').every(({ sha256, source }) => sha256 === '' && source === ''),
  ).toBe(true);
});

test('overlay.yaml gives modes and owners; later globs win', async () => {
  await folder.write({
    'overlays/ruled/etc/a.conf': '',
    'overlays/ruled/etc/b.conf': '',
    'overlays/ruled/etc/deep/c.conf': '',
    'overlays/ruled/etc/deep/[x].conf': '',
    'overlays/ruled/run': '#!',
    'overlays/ruled/overlay.yaml': `defaults: { file: "0640", executable: "0750", directory: "0711", owner: "3:4" }
entries:
  /etc/*.conf: { mode: "0600" }
  /etc/**: { owner: "7:8" }
  /etc/b.conf: { mode: "4755", owner: "65533:0" }
  "/etc/deep/[x].conf": { mode: "0400" }
  /ru?: { owner: "1:1" }
`,
  });
  expect(await entriesOf('ruled')).toEqual([
    '/etc directory 711 3:4',
    '/etc/a.conf file 600 7:8',
    '/etc/b.conf file 4755 65533:0',
    '/etc/deep directory 711 7:8',
    '/etc/deep/[x].conf file 400 7:8',
    '/etc/deep/c.conf file 640 7:8',
    '/run file 750 1:1',
  ]);
});

test('faults of overlay.yaml', async () => {
  await folder.write({
    'overlays/faulty/etc/shadow': '',
    'overlays/faulty/overlay.yaml': `default: {}
defaults: { owner: "70000:0" }
entries:
  /etc/shadow: { mode: 0600 }
  /etc/shadwo: { mode: "0600" }
  /usr/**: { mode: "0600" }
  etc/shadow: { mode: "0600" }
  /etc/../etc/shadow: { mode: "0600" }
  /etc: { mode: "0999", owner: root }
  /etc/shado?: {}
`,
  });
  expect(await faultsOf('faulty')).toMatchInlineSnapshot(`
    [
      "overlays/faulty/overlay.yaml:1:1: unknown key "default" (did you mean "defaults"?)",
      "overlays/faulty/overlay.yaml:2:20: defaults.owner: "70000:0" is out of range (ids go from 0 to 65533)",
      "overlays/faulty/overlay.yaml:4:24: entries["/etc/shadow"].mode: must be a mode of 3 or 4 octal digits in quotes, e.g. "0644", found the number 0600 (write it in quotes: "0600")",
      "overlays/faulty/overlay.yaml:5:3: entries["/etc/shadwo"]: matches nothing in this overlay tree (did you mean "/etc/shadow"?)",
      "overlays/faulty/overlay.yaml:6:3: entries["/usr/**"]: matches nothing in this overlay tree",
      "overlays/faulty/overlay.yaml:7:3: entries: must be an absolute path or glob, e.g. "/etc/*.conf", found "etc/shadow"",
      "overlays/faulty/overlay.yaml:8:3: entries: must be an absolute path or glob, e.g. "/etc/*.conf", found "/etc/../etc/shadow"",
      "overlays/faulty/overlay.yaml:9:17: entries["/etc"].mode: must be a mode of 3 or 4 octal digits in quotes, e.g. "0644", found "0999"",
      "overlays/faulty/overlay.yaml:9:32: entries["/etc"].owner: must be numeric "UID:GID", e.g. "0:0", found "root"",
      "overlays/faulty/overlay.yaml:10:16: entries["/etc/shado?"]: must have at least 1 key, found an empty mapping (allowed: mode, owner)",
    ]
  `);
});

test('an unreadable overlay.yaml is one fault', async () => {
  await folder.write({ 'overlays/broken/overlay.yaml': 'a: 1\na: [\n' });
  expect(await faultsOf('broken')).toMatchInlineSnapshot(`
    [
      "overlays/broken/overlay.yaml:3:1: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ]
  `);
});

test('an overlay.yaml that links to nothing is a fault: its modes would be missed', async () => {
  await folder.write({ 'overlays/dangling/etc/shadow': '', 'overlays/dangling/overlay.yaml': '-> ../gone.yaml' });
  expect(await faultsOf('dangling')).toEqual(['overlays/dangling/overlay.yaml:1:1: no such file']);
});

test('fifos, sockets, and names that cannot be told apart', async () => {
  await folder.write({ 'overlays/odd/ok': '', 'overlays/odd/a\nb': '', 'overlays/odd/deep\u0007er/x': '' });
  const odd = path.join(folder.path, 'overlays/odd');
  execFileSync('mkfifo', [path.join(odd, 'pipe')]);
  await writeFile(Buffer.concat([Buffer.from(`${odd}/latin-`), Buffer.from([0xfc])]), '');
  const server = createServer().listen(path.join(odd, 'sock'));
  await new Promise(resolve => server.once('listening', resolve));
  const faults = await faultsOf('odd');
  server.close();
  expect(faults).toMatchInlineSnapshot(`
    [
      "overlays/odd:1:1: the name "/a\\nb" has a line break or control character (rename it)",
      "overlays/odd:1:1: the name "/deep\\u0007er" has a line break or control character (rename it)",
      "overlays/odd:1:1: the name "/latin-�" is not UTF-8 (rename it)",
      "overlays/odd/pipe:1:1: is a fifo (allowed: files, directories and symbolic links)",
      "overlays/odd/sock:1:1: is a socket (allowed: files, directories and symbolic links)",
    ]
  `);
});

test('what editors leave beside a file while somebody works is not taken', async () => {
  await folder.write({
    'overlays/edited/etc/motd': 'hello\n',
    'overlays/edited/etc/.motd.swp': 'vim',
    'overlays/edited/etc/motd~': 'before',
    'overlays/edited/etc/.#motd': '-> bob@host.1234',
    'overlays/edited/etc/#motd#': 'emacs',
    'overlays/edited/etc/.swp': 'a name of its own',
  });
  expect(await entriesOf('edited')).toEqual([
    expect.stringMatching(/^\/etc directory/),
    expect.stringMatching(/^\/etc\/.swp file/),
    expect.stringMatching(/^\/etc\/motd file/),
  ]);
});
