import { checkImage } from '../../pipeline/config/image.ts';
import { testTable } from './golden.ts';
import type { Row } from './golden.ts';
import { stages } from './stages.ts';

const head = `name: zebra
version: "2031.7"
layout: stripes
epoch: "2031-07-01T00:00:00Z"
`;
const image = (steps: string, top = head): string => `${top}stages:\n${steps}`;
const step = (...keys: string[]): string => `  - { ${keys.join(', ')} }\n`;
const packages = step('id: p', 'stage: packages', 'options: { manifest: m }');
const tree = step('id: t', 'stage: tree', 'inputs: { packages: p }');

const row = (title: string, faults: number, ...steps: string[]): Row => ({
  title,
  faults,
  yaml: image(steps.join('')),
});
const top = (title: string, faults: number, text: string): Row => ({ title, faults, yaml: image(packages, text) });
const signed = (title: string, faults: number, keys: string): Row => ({
  title,
  faults,
  yaml: image(packages + step('id: s', 'stage: sign'), `${head}verifiedBoot: enforced\nsigning: { ${keys} }\n`),
});
const fs = (title: string, faults: number, options: string): Row =>
  row(
    title,
    faults,
    packages,
    tree,
    step('id: f', 'stage: filesystem', 'inputs: { tree: t }', `options: { ${options} }`),
  );

const rows: Row[] = [
  row('sound, in any order', 0, tree, packages),
  top('nothing but stages', 4, ''),
  top('version as a number', 1, head.replace('"2031.7"', '2031.10')),
  top('version with a slash', 1, head.replace('2031.7', '1/2')),
  top('name in capitals', 1, head.replace('zebra', 'Zebra')),
  top('name that begins with a digit', 1, head.replace('zebra', '2zebra')),
  top('epoch without time', 1, head.replace('T00:00:00Z', '')),
  top('epoch as a number', 1, head.replace(/epoch: .*/, 'epoch: 1941000000')),
  top('epoch in seconds', 0, head.replace(/epoch: .*/, 'epoch: "1941000000"')),
  top('epoch with an offset', 0, head.replace('00:00:00Z', '00:00:00+02:00')),
  top('epoch on no day', 1, head.replace('07-01', '07-32')),
  top('epoch before 1980', 1, head.replace('2031-', '1979-')),
  top('epoch after 2106', 1, head.replace('2031-', '2107-')),
  top('layout outside', 1, head.replace('stripes', '../stripes')),
  top('tools outside', 1, `${head}tools: ../../tools\n`),
  top('empty seed', 1, `${head}seed: ""\n`),
  top('summary of two lines', 1, `${head}summary: "a\\nb"\n`),
  top(
    'who may log in, and features',
    0,
    `${head}ssh: { user: bosun, sudo: nopasswd, transport: both }\nfeatures: { console: on, tpm: off }\n`,
  ),
  top('unknown feature', 1, `${head}features: { tmp: on }\n`),
  top('feature as a boolean', 1, `${head}features: { tpm: true }\n`),
  top('unknown transport', 1, `${head}ssh: { transport: vsok }\n`),
  top('user that no system has', 1, `${head}ssh: { user: "Bosun 1" }\n`),
  top('sudo with a password', 1, `${head}ssh: { sudo: passwd }\n`),
  top('a console for nobody', 1, `${head}features: { console: on }\n`),
  top('unknown key', 1, `${head}sumary: x\n`),
  { title: 'no stages', faults: 1, yaml: `${head}stages: []\n` },
  { title: 'stages as a mapping', faults: 1, yaml: `${head}stages: { p: packages }\n` },
  row('step as a word', 1, '  - packages\n'),
  row('step left empty', 1, packages, '  -\n'),
  row('step without stage and id', 2, step('options: {}')),
  row('unknown stage', 1, step('id: x', 'stage: pakages')),
  row('unknown stage far from all', 1, step('id: x', 'stage: bake')),
  row(
    'unknown key of a step',
    1,
    packages,
    step('id: t', 'stage: tree', 'inptus: { packages: p }', 'inputs: { packages: p }'),
  ),
  row('misspelt inputs are one fault', 1, packages, step('id: t', 'stage: tree', 'inptus: { packages: p }')),
  row('misspelt options are one fault', 1, step('id: p', 'stage: packages', 'option: { manifest: m }')),
  row('missing option', 1, step('id: p', 'stage: packages')),
  row(
    'unknown option',
    1,
    packages,
    step('id: t', 'stage: tree', 'inputs: { packages: p }', 'options: { overlay: [] }'),
  ),
  row(
    'options of another stage',
    1,
    packages,
    step('id: t', 'stage: tree', 'inputs: { packages: p }', 'options: { level: 3 }'),
  ),
  row('options left empty', 1, step('id: d', 'stage: disk', 'options:')),
  row('missing input', 1, packages, step('id: t', 'stage: tree')),
  row('misspelt input is one fault', 1, packages, step('id: t', 'stage: tree', 'inputs: { package: p }')),
  row(
    'input of a stage that has none',
    1,
    packages,
    step('id: q', 'stage: packages', 'inputs: { tree: p }', 'options: { manifest: m }'),
  ),
  row('inputs of any name', 0, packages, step('id: d', 'stage: disk', 'inputs: { anything: p, rootfs: p }')),
  row('input is a number', 1, packages, step('id: d', 'stage: disk', 'inputs: { x: 1 }')),
  row(
    'unknown step',
    1,
    step('id: parts', 'stage: packages', 'options: { manifest: m }'),
    step('id: t', 'stage: tree', 'inputs: { packages: prats }'),
  ),
  row('duplicate id', 1, packages, packages, tree),
  row('reads itself', 1, step('id: d', 'stage: disk', 'inputs: { x: d }')),
  row(
    'cycle',
    1,
    step('id: a', 'stage: disk', 'inputs: { x: b }'),
    step('id: b', 'stage: disk', 'inputs: { x: c }'),
    step('id: c', 'stage: disk', 'inputs: { x: a }'),
    step('id: d', 'stage: disk', 'inputs: { x: a }'),
  ),
  row(
    'two cycles',
    2,
    step('id: a', 'stage: disk', 'inputs: { x: b }'),
    step('id: b', 'stage: disk', 'inputs: { x: a, y: c }'),
    step('id: c', 'stage: disk', 'inputs: { x: b }'),
  ),
  fs('compression misspelt', 1, 'compression: ztsd'),
  fs('level out of range', 1, 'level: 23'),
  fs('size as a number', 1, 'cluster: 65536'),
  fs('size in KB', 1, 'cluster: "64 KB"'),
  fs('string from a number', 1, 'label: 0644'),
  fs('branch told by its kind', 1, 'format: { kind: erofs, fragment: true }'),
  fs('branch lacks a key', 1, 'format: { kind: ext4 }'),
  fs('no branch has this kind', 1, 'format: { kind: xfs }'),
  fs('no branch takes a number', 1, 'format: 7'),
  fs('constant misspelt', 1, 'format: nnoe'),
  fs('definition of the stage', 1, 'extra: ["-a", "b"]'),
  row(
    'union takes the mapping branch',
    1,
    packages,
    step('id: t', 'stage: tree', 'inputs: { packages: p }', 'options: { keys: [{ user: ann, fil: a.pub }] }'),
  ),
  row(
    'union takes neither',
    1,
    packages,
    step('id: t', 'stage: tree', 'inputs: { packages: p }', 'options: { keys: [7] }'),
  ),
  top('enforced, and nothing signs', 1, `${head}verifiedBoot: enforced\n`),
  top('verified boot by a word of its own', 1, `${head}verifiedBoot: forced\n`),
  top('a key, and nothing signs', 1, `${head}signing: { key: k.pem, certificate: c.pem }\n`),
  signed('a key in a file', 0, 'key: k.pem, certificate: c.pem'),
  signed('a key without certificate', 1, 'key: k.pem'),
  signed('a key in a token, and no module', 1, 'key: "pkcs11:token=t;object=o", certificate: c.pem'),
  signed('a key in a token', 0, 'key: "pkcs11:token=t;object=o", certificate: c.pem, module: /m.so, pinFile: pin'),
  signed('a token for a key in a file', 2, 'key: k.pem, certificate: c.pem, module: /m.so, pinFile: pin'),
  {
    title: 'enforced, and a kernel image comes to the disk unsigned',
    faults: 1,
    yaml: image(
      [
        step('id: k', 'stage: uki'),
        step('id: g', 'stage: selector'),
        step('id: s', 'stage: sign', 'inputs: { tree: g }'),
        step('id: f', 'stage: filesystem', 'inputs: { tree: k }', 'options: { level: 3 }'),
        step('id: d', 'stage: disk', 'inputs: { hold: f, helm: s }'),
      ].join(''),
      `${head}verifiedBoot: enforced\nsigning: { key: k.pem, certificate: c.pem }\n`,
    ),
  },
  row(
    'faults of many kinds at once',
    4,
    tree,
    step('id: p', 'stage: pakages'),
    step('id: f', 'stage: filesystem', 'inputs: { tre: p }', 'options: { level: "3" }'),
    tree,
  ),
];

testTable({
  golden: 'image.txt',
  file: 'pipeline/zebra.yaml',
  rows,
  check: document => checkImage(document, stages).faults,
});
