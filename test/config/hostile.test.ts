import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkImage } from '../../pipeline/config/image.ts';
import { parseDocument, type Document } from '../../pipeline/config/document.ts';
import { formatDiagnostic } from '../../pipeline/config/diagnostic.ts';
import { checkLayout } from '../../pipeline/config/layout.ts';
import { checkManifest } from '../../pipeline/config/manifest.ts';
import { loadOverlayTree, loadProject } from '../../pipeline/config/project.ts';
import { STAGES } from '../../pipeline/stages/index.ts';
import { projectFolder } from './project-folder.ts';

const folder = projectFolder({
  [`overlays/shoal/etc/${'a'.repeat(200)}`]: 'x',
  'scripts/tide.sh': '#!/bin/sh\n',
  'rootfs-manifests/tools.yaml': 'suite: sid\nmirrors: [{ url: "http://m.example/" }]\n',
  'layouts/kelp.yaml': 'partitions:\n  - { name: Log, size: "33 MiB", type: linux }\n',
  'pipeline/shoal.yaml': `name: shoal
version: "7"
layout: kelp
epoch: "1444444444"
stages:
  - { id: ebb, stage: command, options: { script: scripts/tide.sh } }
  - { id: flow, stage: command, options: { script: scripts/tide.sh } }
`,
  'overlays/shoal/overlay.yaml': `entries:\n  "/etc/${'a*'.repeat(30)}b": { mode: "0600" }\n`,
});

function documentOf(text: string): Document {
  const { document } = parseDocument(text, 'shoal.yaml');
  if (document === null) throw new Error('the test has no document');
  return document;
}

describe('a mapping that calls itself a text', () => {
  test.each(['toString', 'valueOf', '__proto__', 'constructor'])('by a key %s is a mapping', key => {
    const manifest = `suite: sid\nmirrors: [{ url: { ${key}: "x" } }]\nunits: { enable: [{ ${key}: 1 }], mask: [{ ${key}: 1 }] }\n`;
    const { faults } = checkManifest(documentOf(manifest), 'shoal');
    expect(faults.map(formatDiagnostic).join('\n')).toMatch(/^shoal\.yaml:2:18: mirrors\[0\]\.url: .*found a mapping/m);
    const image = `name: shoal\nstages:\n  - { id: { ${key}: 1 }, stage: { ${key}: 1 }, inputs: { tree: ghost } }\n`;
    expect(checkImage(documentOf(image), STAGES).faults.map(formatDiagnostic)).not.toEqual([]);
  });
});

describe('as many as fit in a file', () => {
  test('unknown keys are told in time', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`);
    const { faults } = checkLayout(documentOf(keys.join('')), 'shoal');
    expect(faults.length).toBeGreaterThan(20_000);
  });

  test('ways from the disk to what nobody signed are not walked one by one', () => {
    const steps = Array.from(
      { length: 60 },
      (_, index) => `  - { id: s${index + 1}, stage: tree, inputs: { a: s${index}, b: s${index} } }\n`,
    );
    const image = `name: shoal\nversion: "7"\nlayout: kelp\nepoch: "1444444444"\nverifiedBoot: enforced\nstages:\n  - { id: seal, stage: sign }\n  - { id: s0, stage: extract }\n${steps.join('')}  - { id: d, stage: disk, inputs: { root: s60 } }\n`;
    expect(checkImage(documentOf(image), STAGES).faults).not.toEqual([]);
  });

  test('stars of a glob are tried at once', async () => {
    await expect(loadOverlayTree(path.join(folder.path, 'overlays/shoal'))).rejects.toThrow('matches nothing');
  });
});

test('a file that two steps name is one file', async () => {
  const request = {
    project: folder.path,
    home: folder.path,
    image: 'shoal',
    sets: [],
    stages: STAGES,
    lock: 'heed',
  } as const;
  const { files } = await loadProject(request);
  expect(Object.keys(files)).toEqual(['scripts/tide.sh']);
});
