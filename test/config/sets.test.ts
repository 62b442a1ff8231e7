import { describe, expect, test } from 'vitest';
import { formatDiagnostic, sortDiagnostics } from '../../pipeline/config/diagnostic.ts';
import { parseDocument } from '../../pipeline/config/document.ts';
import { checkImage, validateImage } from '../../pipeline/config/image.ts';
import { checkLayout, validateLayout } from '../../pipeline/config/layout.ts';
import { applySets, sortSets } from '../../pipeline/config/sets.ts';
import { stages } from './stages.ts';

const imageText = `name: zebra
version: "2031.7"
layout: stripes
epoch: "2031-07-01T00:00:00Z"
stages:
  - { id: parts, stage: packages, options: { manifest: m } }
  - id: root
    stage: filesystem
    inputs: { tree: parts }
    options: { compression: zstd, format: { kind: erofs } }
`;
const layoutText =
  'partitions:\n  - { name: Log, size: "33 MiB", type: linux }\n  - { name: Data, size: "44 MiB", type: linux }\n';

const documentOf = (text: string, file: string) => {
  const { document } = parseDocument(text, file);
  if (document === null) throw new Error('unreadable');
  return document;
};
const setImage = (...sets: string[]) => {
  const { document, faults } = applySets(documentOf(imageText, 'pipeline/zebra.yaml'), sets, validateImage(stages));
  const checked = checkImage(document, stages);
  return { image: checked.value, faults: sortDiagnostics([...faults, ...checked.faults]).map(formatDiagnostic) };
};
const setLayout = (...sets: string[]) => {
  const { document, faults } = applySets(documentOf(layoutText, 'layouts/stripes.yaml'), sets, validateLayout);
  const checked = checkLayout(document, 'stripes');
  return { layout: checked.value, faults: sortDiagnostics([...faults, ...checked.faults]).map(formatDiagnostic) };
};

describe('values', () => {
  test.each([
    ['version=2026.10', { version: '2026.10' }],
    ['version="2026.10"', { version: '2026.10' }],
    ['summary=a #b: c', { summary: 'a #b: c' }],
    ['summary=7', { summary: '7' }],
    ['seed=null', { seed: 'null' }],
    ['name=okapi', { name: 'okapi' }],
  ])('%s', (set, expected) => {
    const { image, faults } = setImage(set);
    expect(faults).toEqual([]);
    expect(image).toMatchObject(expected);
  });

  test.each([
    ['stages.root.options.compression=lz4', { compression: 'lz4', format: { kind: 'erofs' } }],
    ['stages[1].options.level=3', { compression: 'zstd', format: { kind: 'erofs' }, level: 3 }],
    ['stages.1.options.level=3', { compression: 'zstd', format: { kind: 'erofs' }, level: 3 }],
    ['stages.root.options.label=0644', { compression: 'zstd', format: { kind: 'erofs' }, label: '0644' }],
    ['stages.root.options.format.fragments=true', { compression: 'zstd', format: { kind: 'erofs', fragments: true } }],
    [
      'stages.root.options.format={ kind: ext4, blocks: 9 }',
      { compression: 'zstd', format: { kind: 'ext4', blocks: 9 } },
    ],
    ['stages.root.options.extra=[-a, -b]', { compression: 'zstd', format: { kind: 'erofs' }, extra: ['-a', '-b'] }],
    ['stages.root.options={}', {}],
  ])('%s', (set, options) => {
    const { image, faults } = setImage(set);
    expect(faults).toEqual([]);
    expect(image?.stages[1]?.options).toEqual(options);
  });

  test('later sets win, and see what earlier ones made', () => {
    const { image } = setImage('version=1', 'version=2', 'stages.root.id=base', 'stages.base.options.level=5');
    expect(image).toMatchObject({ version: '2', stages: [{}, { id: 'base', options: { level: 5 } }] });
  });

  test('layout: partitions by name', () => {
    const { layout, faults } = setLayout(
      'layout.partitions.Log.size=66 MiB',
      'layout.sectorSize=4096',
      'layout.partitions.Data.grow=true',
    );
    expect(faults).toEqual([]);
    expect(layout).toMatchObject({
      sectorSize: 4096,
      partitions: [{ size: 66 * 2 ** 20 }, { grow: true, size: 44 * 2 ** 20 }],
    });
  });

  test('each document gets its own', () => {
    expect(sortSets(['layout=x', 'layout.size=1 GiB', 'name=y'])).toEqual({
      image: ['layout=x', 'name=y'],
      layout: ['layout.size=1 GiB'],
    });
  });
});

describe('faults', () => {
  test('of the image', () => {
    const sets = [
      'version',
      '=x',
      'a..b=1',
      'summry=x',
      'stages.rot.options.level=3',
      'stages[2].id=x',
      'name.first=x',
      'stages.root.options.levle=3',
      'stages.root.options.compression=ztsd',
      'stages.root.inputs.tree=partz',
      'epoch=2026',
      'stages.parts.options.extra.deep=1',
      String.raw`stages["\q"]=1`,
    ];
    expect(sets.map(set => setImage(set).faults).map(faults => faults.join('\n'))).toMatchInlineSnapshot(`
      [
        "--set version:1:1: is no change (write path=value, e.g. --set version=2026.10)",
        "--set =x:1:1: is no change (write path=value, e.g. --set version=2026.10)",
        "--set a..b=1:1:1: is no change (write path=value, e.g. --set version=2026.10)",
        "--set summry=x:1:1: unknown key "summry" (did you mean "summary"?)",
        "--set stages.rot.options.level=3:1:8: stages: no entry "rot" (did you mean "root"?)",
        "--set stages[2].id=x:1:7: stages: no entry 2 (allowed: parts, root)",
        "--set name.first=x:1:6: name: is "zebra", which has no key "first"",
        "--set stages.root.options.levle=3:1:21: stages[1].options: unknown key "levle" (did you mean "level"?)",
        "--set stages.root.options.compression=ztsd:1:33: stages[1].options.compression: unknown compression "ztsd", allowed: lz4, zstd, none (did you mean "zstd"?)",
        "--set stages.root.inputs.tree=partz:1:25: stages[1].inputs.tree: no step has the id "partz" (did you mean "parts"?)",
        "--set epoch=2026:1:7: epoch: 2026 is before 1980, which FAT cannot store",
        "--set stages.parts.options.extra.deep=1:1:22: stages[0].options: unknown key "extra"",
        "--set stages["\\q"]=1:1:1: is no change (write path=value, e.g. --set version=2026.10)",
      ]
    `);
  });

  test('of the layout', () => {
    const sets = [
      'layout.partitions.Lgo.size=6 GiB',
      'layout.partitions.Log.sise=6 GiB',
      'layout.partitions.Log.size=6 GB',
      'layout.partitions.Log.size=6',
      'layout.size=50 MiB',
      'layout.=1',
    ];
    expect(sets.map(set => setLayout(set).faults).map(faults => faults.join('\n'))).toMatchInlineSnapshot(`
      [
        "--set layout.partitions.Lgo.size=6 GiB:1:19: partitions: no entry "Lgo" (did you mean "Log"?)",
        "--set layout.partitions.Log.sise=6 GiB:1:23: partitions[0]: unknown key "sise" (did you mean "size"?)",
        "--set layout.partitions.Log.size=6 GB:1:28: partitions[0].size: "6 GB" is not a size (write GiB, "6 GiB": units are binary)",
        "--set layout.partitions.Log.size=6:1:28: partitions[0].size: must be a size, found the number 6 (write a size with unit, e.g. "8 MiB")",
        "layouts/stripes.yaml:3:5: partitions[1]: Data [34 MiB, 78 MiB) ends outside the disk of 50 MiB (usable up to 52411904 B; leave out \`size\` of the disk to fit it)",
        "--set layout.=1:1:1: is no change (write path=value, e.g. --set version=2026.10)",
      ]
    `);
  });
});
