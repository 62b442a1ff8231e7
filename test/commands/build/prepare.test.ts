/** `--format` and `--compress` on a definition: the steps that come of them, and where their faults are shown. */
import { describe, expect, test } from 'vitest';
import { UsageFault } from '../../../pipeline/commands/context.ts';
import { loadImage, type ImageOptions } from '../../../pipeline/commands/build/prepare.ts';
import { ConfigFault } from '../../../pipeline/config/diagnostic.ts';
import { projectFolder } from '../../config/project-folder.ts';
import { commandContext } from '../context.ts';

const head = 'version: "2031.7"\nlayout: stripes\nepoch: "1141000000"\nstages:\n';
const folder = projectFolder({
  'pipeline/zebra.yaml': `name: zebra\n${head}  - { id: crate, stage: container, inputs: { disk: hide }, options: { format: vhdx } }\n  - { id: coat, stage: filesystem, options: { content: log } }\n  - { id: hide, stage: disk, inputs: { log: coat } }\n`,
  'pipeline/okapi.yaml': `name: okapi\n${head}  - { id: coat, stage: filesystem, options: { content: log } }\n`,
  'layouts/stripes.yaml':
    'sectorSize: "4096"\npartitions:\n  - { name: Log, size: "33 MiB", type: linux, filesystem: ext4 }\n',
  'rootfs-manifests/tools.yaml': 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n',
});
const load = (own: Partial<ImageOptions>): ReturnType<typeof loadImage> =>
  loadImage(commandContext(folder.path), {
    image: 'zebra',
    sets: [],
    formats: [],
    compress: 'none',
    bundle: false,
    ...own,
  });

async function faults(own: Partial<ImageOptions>): Promise<string> {
  const error: unknown = await load(own).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigFault)) throw new Error(`expected faults, got ${String(error)}`);
  return folder.relative(error.message);
}

describe('loadImage', () => {
  test('has the steps of the formats that were asked for, and of their compression', async () => {
    const { image, written } = await load({ formats: ['raw', 'qcow2'], compress: 'zst' });
    expect(image.stages.map(step => step.id)).toEqual(['coat', 'hide', 'raw', 'qcow2', 'raw-zst', 'qcow2-zst']);
    expect(written).toEqual(['crate', 'coat', 'hide']);
  });

  test('a fault of a step that an option added names the option, at the steps', async () => {
    expect(await faults({ formats: ['raw', 'vhd', 'vmdk'] })).toMatch(
      /^pipeline\/zebra\.yaml:6:3: --format vhd: layout "stripes" has sectors of 4096 bytes.*\npipeline\/zebra\.yaml:6:3: --format vmdk: layout/,
    );
  });

  test('a fault of a step behind one that an option took away has its own place', async () => {
    expect(await faults({ formats: ['raw'], sets: ['stages.coat.options.content=cellar'] })).toMatch(
      /stages\[1\]\.options\.content: layout "stripes" has no partition with content "cellar"/,
    );
  });

  test.each<[Partial<ImageOptions>, string]>([
    [{ formats: ['raw'] }, '--format'],
    [{ compress: 'zst' }, '--compress'],
  ])('%j, and no container to go by', async (own, option) => {
    const error: unknown = await load({ image: 'okapi', ...own }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageFault);
    expect(error).toMatchObject({ message: `okapi has no container step, so ${option} has nothing to go by` });
  });
});
