import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { UsageFault, type CommandContext } from '../../pipeline/commands/context.ts';
import { show } from '../../pipeline/commands/show.ts';
import { writeRaw } from '../../pipeline/disk/write.ts';
import { encodeGpt } from '../../pipeline/formats/gpt.ts';
import { projectFolder } from '../config/project-folder.ts';
import { commandContext } from './context.ts';

const MIB = 2 ** 20;
const folder = projectFolder({
  'layouts/stripes.yaml':
    'partitions:\n  - { name: Kelp, size: "33 MiB", type: linux, filesystem: ext4, mount: /kelp }\n  - { name: Sand, size: "7 MiB", type: esp }\n',
  'layouts/zebra.yaml': 'partitions:\n  - { name: Other, size: "5 MiB", type: linux }\n',
});
const at = (name: string): string => path.join(folder.path, name);
const shown = async (
  target: string,
): Promise<{ title: string; size: number; sectorSize: number; partitions: object[] }> => {
  const context = commandContext(folder.path, { json: true });
  expect(await show(context, { target, out: at('out'), svg: null })).toBe(0);
  return JSON.parse(context.printed) as Awaited<ReturnType<typeof shown>>;
};

/** out/quagga/quagga.raw, and zebra beside it, as builds leave them. */
beforeAll(async () => {
  const partition = {
    number: 5,
    name: 'Mane',
    type: '0fc63daf-8483-4772-8e79-3d69d8477de4',
    uuid: '11111111-2222-4333-8444-555555555555',
    attributes: [],
    start: 4 * MIB,
    end: 11 * MIB,
  };
  const gpt = encodeGpt({
    size: 16 * MIB,
    sectorSize: 512,
    diskGuid: '99999999-2222-4333-8444-555555555555',
    partitions: [partition],
  });
  const extents = [
    { start: 0, bytes: gpt.primary },
    { start: 16 * MIB - gpt.backup.length, bytes: gpt.backup },
  ];
  for (const name of ['quagga', 'zebra']) {
    await mkdir(at(`out/${name}`), { recursive: true });
    await writeRaw(
      { size: 16 * MIB, logicalSectorSize: 512, physicalSectorSize: 4096, extents },
      at(`out/${name}/${name}.raw`),
      { signal: new AbortController().signal, onProgress: () => undefined },
    );
  }
});

describe('show', () => {
  test.each(['stripes', 'layouts/stripes.yaml'])('the layout %s', async target => {
    expect(await shown(target.includes('/') ? at(target) : target)).toMatchObject({
      title: 'layout stripes',
      partitions: [
        { name: 'Kelp', typeName: 'linux', filesystem: 'ext4', mount: '/kelp' },
        { name: 'Sand', typeName: 'esp' },
      ],
    });
  });

  test('a layout goes before an image of its name', async () =>
    expect((await shown('zebra')).title).toBe('layout zebra'));

  test.each(['quagga', 'out/quagga/quagga.raw'])('the image %s, without build.json', async target => {
    expect(await shown(target.includes('/') ? at(target) : target)).toMatchObject({
      title: 'quagga.raw',
      size: 16 * MIB,
      sectorSize: 512,
      partitions: [{ name: 'Mane', number: 5, typeName: 'linux', start: 4 * MIB, end: 11 * MIB, used: null }],
    });
  });

  test('with what build.json says is used', async () => {
    await writeFile(at('out/zebra/build.json'), JSON.stringify({ partitions: [{ name: 'Mane', used: 77 }] }));
    expect((await shown(at('out/zebra/zebra.raw'))).partitions).toMatchObject([{ used: 77 }]);
  });

  test('drawn, when JSON is not asked for', async () => {
    const context = commandContext(folder.path);
    await show(context, { target: 'stripes', out: at('out'), svg: null });
    expect(context.printed).toMatch(/^layout stripes: .*2 partitions/);
    expect(context.printed).toMatch(/Kelp/);
  });

  test('of several files of a build the one that is cheapest to read', async () => {
    await mkdir(at('out/herd'), { recursive: true });
    const made = ['herd.qcow2', 'herd.vhd', 'herd.raw', 'herd.raw.zst'];
    await copyFile(at('out/quagga/quagga.raw'), at('out/herd/herd.raw'));
    await writeFile(at('out/herd/herd.qcow2'), Buffer.from('QFI\u00fb', 'latin1'));
    await writeFile(at('out/herd/build.json'), JSON.stringify({ artifacts: made.map(each => ({ path: each })) }));
    expect((await shown('herd')).title).toBe('herd.raw');
    await rm(at('out/herd/herd.raw'));
    await expect(shown('herd')).rejects.toThrow('herd.qcow2 is a qcow2 image, which cannot be read here');
  });

  test("of one name: the project's layout, then what was built, then Caisson's layout", async () => {
    const home = at('home');
    await mkdir(path.join(home, 'layouts'), { recursive: true });
    const title = async (target: string): Promise<string> => {
      const context = commandContext(folder.path, { json: true, home });
      await show(context, { target, out: at('out'), svg: null });
      return (JSON.parse(context.printed) as { title: string }).title;
    };
    for (const name of ['zebra', 'quagga', 'okapi'])
      await copyFile(at('layouts/stripes.yaml'), path.join(home, `layouts/${name}.yaml`));
    expect(await title('zebra')).toBe('layout zebra');
    expect(await title('quagga')).toBe('quagga.raw');
    expect(await title('okapi')).toBe('layout okapi');
  });

  test.each([
    ['nothing', '"nothing" is neither a layout in layouts/ nor an image', 'build it first: caisson build nothing'],
    ['some/where.raw', '"some/where.raw" is neither a layout in layouts/ nor an image', 'check the path'],
  ])('%s', async (target, message, hint) => {
    const error: unknown = await show(commandContext(folder.path), { target, out: at('out'), svg: null }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UsageFault);
    expect(error).toMatchObject({ message, hint });
  });
});

describe('show --svg', () => {
  const draw = async (svg: string, own: Partial<CommandContext> = {}): Promise<string> => {
    const context = commandContext(folder.path, own);
    await show(context, { target: 'stripes', out: at('out'), svg });
    return context.printed;
  };

  test('writes the drawing, in a folder of its own if need be, and says where', async () => {
    const file = at('drawn/deep/stripes.svg');
    expect(await draw(file)).toBe(`${file}\n`);
    expect(await readFile(file, 'utf8')).toMatch(/^<\?xml[\s\S]*<title>layout stripes: [\s\S]*Kelp[\s\S]*<\/svg>\n$/);
    expect(await readdir(at('drawn/deep'))).toEqual(['stripes.svg']);
  });

  test('as JSON: the disk, and where the drawing is', async () => {
    const file = at('drawn/json.svg');
    expect(JSON.parse(await draw(file, { json: true }))).toMatchObject({ title: 'layout stripes', svg: file });
  });

  test.each([
    ['an older drawing', '<?xml version="1.0"?>\n<!-- by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['another program’s', '\ufeff<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n<svg>'],
    ['an empty file', ''],
  ])('replaces %s', async (_, before) => {
    await writeFile(at('old.svg'), before);
    await draw(at('old.svg'));
    expect(await readFile(at('old.svg'), 'utf8')).toContain('layout stripes');
  });

  test.each([
    ['an image', 'conectix'],
    ['a page with a drawing in it', '<!DOCTYPE html><html><svg></svg></html>'],
    ['other XML', '<?xml version="1.0"?><layout/>'],
  ])('leaves %s as it is', async (_, before) => {
    await writeFile(at('kept.vhdx'), before);
    const error: unknown = await draw(at('kept.vhdx')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageFault);
    expect(error).toMatchObject({
      message: `${at('kept.vhdx')} is there, and no SVG; it is left as it is`,
      hint: 'name another file, or remove that one',
    });
    expect(await readFile(at('kept.vhdx'), 'utf8')).toBe(before);
  });

  test('leaves a folder alone', async () =>
    await expect(draw(at('out'))).rejects.toThrow(`${at('out')} is there, and no SVG`));
});
