import { describe, expect, test } from 'vitest';
import { manifestNames, toolsTree } from '../../pipeline/commands/tools-tree.ts';
import { ConfigFault } from '../../pipeline/config/diagnostic.ts';
import { projectFolder } from '../config/project-folder.ts';
import { commandContext } from './context.ts';

const folder = projectFolder({
  'pipeline/zebra.yaml':
    'name: zebra\nversion: "2031.7"\nlayout: stripes\nepoch: "1941000000"\ntools: hooves\nvmTools: mane\nstages:\n  - { id: a, stage: tree, options: { overlays: [spots] } }\n',
  'layouts/stripes.yaml': 'partitions:\n  - { name: Log, size: "33 MiB", type: linux }\n',
  'rootfs-manifests/hooves.yaml': 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n',
  'rootfs-manifests/mane.yaml': 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n',
  'overlays/spots/etc/motd': 'hello\n',
});
const names = (image: string | null) => manifestNames(commandContext(folder.path), image);

describe('manifestNames', () => {
  test('are those of the definition, for an image by its name', async () =>
    expect(await names('zebra')).toMatchObject({ tools: 'hooves', vmTools: 'mane' }));

  test.each([null, 'out/zebra/zebra.vhdx', 'zebra.vhdx', 'quagga'])('are the usual ones for %s', async image =>
    expect(await names(image)).toEqual({ tools: 'tools', vmTools: 'vm-tools', lock: null }),
  );
});

test('toolsTree without a manifest says which file is missing', async () => {
  const error: unknown = await toolsTree(commandContext(folder.path), null).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigFault);
  expect(folder.relative((error as Error).message)).toContain('rootfs-manifests/tools.yaml');
});
