import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { check, checkTheHost } from '../../pipeline/commands/check.ts';
import { ConfigFault } from '../../pipeline/config/diagnostic.ts';
import { projectFolder } from '../config/project-folder.ts';
import { commandContext, type FakeCommandContext } from './context.ts';

const manifest = 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n';
const image = (rest: string): string =>
  `name: zebra\nversion: "2031.7"\nlayout: stripes\nepoch: "1141000000"\nstages:\n${rest}`;
const folder = projectFolder({
  'pipeline/zebra.yaml': image('  - { id: coat, stage: tree, options: { overlays: [spots] } }\n'),
  'layouts/stripes.yaml': 'partitions:\n  - { name: Log, size: "33 MiB", type: linux }\n',
  'rootfs-manifests/tools.yaml': manifest,
  'overlays/spots/etc/motd': 'hello\n',
  'bad/layouts/crooked.yaml': 'partitions:\n  - { name: Log, sise: "33 MiB", type: linux }\n',
  'bad/rootfs-manifests/torn.yaml': `${manifest}packages: [A B]\n`,
  'bad/pipeline/blind.yaml': image('  - { id: coat, stage: tree, options: { files: { /x.efi: ghost } } }\n'),
  'bad/layouts/stripes.yaml': 'partitions:\n  - { name: Log, size: "33 MiB", type: linux }\n',
  'bad/rootfs-manifests/tools.yaml': manifest,
  'bad/overlays/holes/overlay.yaml': 'entries:\n  /none: { mode: "0600" }\n',
});
const at = (name: string): string => path.join(folder.path, name);

async function faults(targets: string[]): Promise<string[]> {
  const error: unknown = await check(commandContext(at('bad')), targets.map(at)).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigFault)) throw new Error(`expected faults, got ${String(error)}`);
  return folder.relative(error.message).split('\n');
}

describe('check', () => {
  test('of everything that is in order', async () => {
    const context = commandContext(folder.path);
    expect(await check(context, [])).toBe(0);
    expect(context.printed).toMatch(/^3 documents without faults: .*zebra\.yaml, .*stripes\.yaml, .*tools\.yaml\n$/);
  });

  test.each(['layouts/stripes.yaml', 'rootfs-manifests/tools.yaml', 'overlays/spots', 'pipeline/zebra.yaml'])(
    'of %s',
    async name => {
      const context = commandContext(folder.path);
      expect(await check(context, [at(name)])).toBe(0);
      expect(context.printed).toMatch(/^1 document without faults: /);
    },
  );

  test('of an image by its name, as JSON', async () => {
    const context = commandContext(folder.path, { json: true });
    expect(await check(context, ['zebra'])).toBe(0);
    expect(JSON.parse(context.printed)).toEqual({ checked: ['zebra'], faults: [] });
  });

  test('tells the faults of all documents at once', async () => {
    expect(
      await faults([
        'bad/pipeline/blind.yaml',
        'bad/rootfs-manifests/torn.yaml',
        'bad/layouts/crooked.yaml',
        'bad/overlays/holes',
      ]),
    ).toEqual([
      'bad/layouts/crooked.yaml:2:18: partitions[0]: unknown key "sise" (did you mean "size"?)',
      'bad/overlays/holes/overlay.yaml:2:3: entries["/none"]: matches nothing in this overlay tree',
      'bad/pipeline/blind.yaml:6:58: stages[0].options.files["/x.efi"]: "ghost" is no input of this step (its inputs: none)',
      'bad/rootfs-manifests/torn.yaml:3:12: packages[0]: must be a package name of a-z, 0-9, "+", "-" and ".", found "A B"',
    ]);
  });

  test('of a document that is not there', async () =>
    expect((await faults(['bad/layouts/none.yaml']))[0]).toMatch(/^bad\/layouts\/none\.yaml:1:1: /));

  test('an error that is no fault of a document goes through', async () => {
    await expect(check(commandContext(folder.path), [undefined as unknown as string])).rejects.toThrow(TypeError);
  });
});

describe('check --host', () => {
  /** Of a machine that has no programs. */
  const bare = (own: { json?: boolean } = {}): FakeCommandContext => {
    const context = commandContext(folder.path, own);
    return Object.assign(context, { environment: { ...context.environment, path: '/nowhere' } });
  };

  test('names what is missing with its remedy, and ends with 1', async () => {
    const context = bare();
    expect(await checkTheHost(context)).toBe(1);
    expect(context.printed).toMatch(/^what +state +found\n/);
    expect(context.printed).toMatch(/\nbwrap +MISSING +missing\n/);
    expect(context.printed).toMatch(/\nbwrap: missing\n {4}remedy: apt-get install bubblewrap\n/);
  });

  test('as JSON', async () => {
    const context = bare({ json: true });
    await checkTheHost(context);
    expect(JSON.parse(context.printed)).toMatchObject({
      ok: false,
      checks: expect.arrayContaining([
        { name: 'unshare', ok: false, found: 'missing', remedy: 'apt-get install util-linux' },
      ]) as unknown,
    });
  });
});
