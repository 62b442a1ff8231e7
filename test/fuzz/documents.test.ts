/** Documents of people, of other programs and of nobody: each is in order, or every fault of it is told with its place. */
import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { check } from '../../pipeline/commands/check.ts';
import { UsageFault } from '../../pipeline/commands/context.ts';
import { showPlan } from '../../pipeline/commands/plan.ts';
import { ConfigFault } from '../../pipeline/config/diagnostic.ts';
import { imageSchema } from '../../pipeline/config/image-schema.ts';
import { layoutSchema } from '../../pipeline/config/layout-schema.ts';
import { lockSchema } from '../../pipeline/config/lock-schema.ts';
import { manifestSchema } from '../../pipeline/config/manifest-schema.ts';
import { overlaySchema } from '../../pipeline/config/overlay-schema.ts';
import type { Diagnostic } from '../../pipeline/config/types.ts';
import { renderFailure } from '../../pipeline/report/errors.ts';
import { STAGES } from '../../pipeline/stages/index.ts';
import { commandContext } from '../commands/context.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { caisson, PROJECT } from '../support/caisson.ts';
import { fromSchema, type Names } from './from-schema.ts';
import { fuzzProject, type FuzzProject } from './project.ts';
import { PATIENCE, runs, RUNS } from './runs.ts';
import { textEdits } from './text-edits.ts';
import { watchdog } from './watchdog.ts';
import { nodeOf, textOf, wrong } from './yaml-nodes.ts';

const folder = scratchDirectory();
const busyWith = watchdog(60);
/** Images take 10 to 100 ms: a tenth of the time is enough for every day. */
const SHARE = RUNS > 2000 ? 0.5 : 0.15;
let project: FuzzProject;
beforeAll(async () => {
  project = await fuzzProject(folder);
});

interface Outcome {
  text: Buffer;
  file: string;
  faults: readonly Diagnostic[];
}

test(
  'documents as a schema might have them, with anything in them',
  async () => {
    const tally = { sound: 0, faulty: 0 };
    await fc.assert(
      fc.asyncProperty(madeDocuments(project.names), async ([file, text]) => {
        const { faults } = await outcomeOf(file, Buffer.from(text));
        tally[faults.length === 0 ? 'sound' : 'faulty'] += 1;
      }),
      runs(SHARE),
    );
    expect(tally.sound).toBeGreaterThan((RUNS * SHARE) / 100);
    expect(tally.faulty).toBeGreaterThan((RUNS * SHARE) / 10);
  },
  PATIENCE,
);

test(
  'documents of ours, changed by lines and bytes',
  async () => {
    const tally = { sound: 0, faulty: 0 };
    const changed = fc.tuple(fc.constantFrom(...project.documents), textEdits, fc.boolean());
    await fc.assert(
      fc.asyncProperty(changed, async ([[file, base], edit, signed]) => {
        const bytes = edit(base);
        const { faults } = await outcomeOf(file, signed && file.endsWith('.lock.yaml') ? withDigest(bytes) : bytes);
        tally[faults.length === 0 ? 'sound' : 'faulty'] += 1;
      }),
      runs(SHARE),
    );
    expect(tally.sound).toBeGreaterThan((RUNS * SHARE) / 50);
    expect(tally.faulty).toBeGreaterThan((RUNS * SHARE) / 10);
  },
  PATIENCE,
);

test(
  'the program itself ends with 0 or 2, and shows no stack',
  async () => {
    const kinds = ['layouts', 'rootfs-manifests', 'pipeline'];
    const base = project.documents.filter(
      ([file]) => kinds.includes(path.dirname(file)) && !file.endsWith('.lock.yaml'),
    );
    const batch = fc.array(fc.tuple(fc.constantFrom(...base), textEdits), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(batch, async documents => {
        const names = documents.map(([[file]], index) => path.join(path.dirname(file), `hostile-${index}.yaml`));
        for (const [index, [[, bytes], edit]] of documents.entries())
          await writeFile(path.join(folder, names[index] ?? ''), edit(bytes));
        const cli = { cwd: folder, cache: path.join(folder, 'cache') };
        const image = names.find(each => each.startsWith('pipeline/')) ?? 'pipeline/skiff.yaml';
        for (const result of [await caisson(['check', ...names], cli), await caisson(['plan', image], cli)]) {
          expect(`${result.exitCode} ${result.stderr.slice(0, 3000)}`).toMatch(/^[02] /);
          expect(result.stderr).not.toMatch(/^ {4}at |bug in caisson/m);
          // oxlint-disable-next-line no-control-regex
          expect(result.stderr + result.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
        }
        for (const name of names) await rm(path.join(folder, name));
      }),
      { ...runs(0.001), timeout: 120_000 },
    );
  },
  PATIENCE,
);

/** Checks a document in place of the one that is there. Whatever is thrown but faults of the user's fails the property. */
async function outcomeOf(file: string, text: Buffer): Promise<Outcome> {
  const context = commandContext(folder, { home: PROJECT });
  const [place, before] = [path.join(folder, file), project.documents.find(([name]) => name === file)?.[1]];
  await writeFile(place, text);
  busyWith(`${file}: ${text.toString('latin1')}`);
  try {
    await check(context, [file.endsWith('overlay.yaml') ? path.dirname(place) : place]);
    if (file.startsWith('pipeline/'))
      await showPlan(context, {
        image: place,
        sets: [],
        formats: [],
        compress: 'none',
        bundle: false,
        out: 'out',
        why: null,
      });
    return { text, file, faults: [] };
  } catch (error) {
    if (!(error instanceof ConfigFault || error instanceof UsageFault)) throw error;
    const faults = error instanceof ConfigFault ? error.diagnostics : [];
    if (error instanceof ConfigFault) mustBeTold(faults, { file: place, text });
    return { text, file, faults };
  } finally {
    busyWith(null);
    await (before === undefined ? rm(place) : writeFile(place, before));
  }
}

function mustBeTold(faults: readonly Diagnostic[], { file, text }: { file: string; text: Buffer }): void {
  expect(faults.length).toBeGreaterThan(0);
  const lines = text.toString('utf8').split('\n');
  for (const { position, path: where, message, hint } of faults) {
    expect(position.file).not.toBe('');
    expect(message).toMatch(/\S/);
    expect(`${where} ${message} ${hint ?? ''}`).not.toMatch(/undefined|\[object |NaN/);
    expect(Math.min(position.line, position.col)).toBeGreaterThanOrEqual(1);
    if (path.resolve(position.file) !== file) continue;
    expect(position.line).toBeLessThanOrEqual(lines.length);
    expect(position.col).toBeLessThanOrEqual((lines[position.line - 1] ?? '').length + 1);
  }
  const shown = renderFailure({ kind: 'faults', faults }, { color: false });
  // oxlint-disable-next-line no-control-regex
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
}

/** [file, text] */
function madeDocuments(names: Names): fc.Arbitrary<readonly [string, string]> {
  const one = (file: string, values: fc.Arbitrary<unknown>): fc.Arbitrary<readonly [string, string]> =>
    wrong(values.map(nodeOf)).map(node => [file, textOf(node)] as const);
  return fc.oneof(
    { weight: 3, arbitrary: one('pipeline/hostile.yaml', images(names)) },
    { weight: 3, arbitrary: one('layouts/hostile.yaml', fromSchema(layoutSchema, names)) },
    { weight: 2, arbitrary: one('rootfs-manifests/hostile.yaml', fromSchema(manifestSchema, names)) },
    one('overlays/guest/overlay.yaml', fromSchema(overlaySchema, names)),
    one('rootfs-manifests/skiff.lock.yaml', fromSchema(lockSchema, names)).map(
      ([file, text]) => [file, withDigest(Buffer.from(text)).toString('utf8')] as const,
    ),
  );
}

/** Steps of real stages, each with options as its own schema has them. */
function images(names: Names): fc.Arbitrary<unknown> {
  const ids = fc.constantFrom('kelp', 'reef', 'tide', 'hull');
  const steps = fc.constantFrom(...Object.values(STAGES)).chain(({ name, schema, inputs }) =>
    fc.record({
      id: ids,
      stage: fc.constant(name),
      inputs: fc.record(Object.fromEntries(Object.keys(inputs).map(input => [input, ids])), { requiredKeys: [] }),
      options: fromSchema(schema, names),
    }),
  );
  return fc
    .tuple(
      fromSchema(imageSchema(STAGES), names),
      fc.uniqueArray(steps, { minLength: 1, maxLength: 4, selector: ({ id }) => id }),
    )
    .map(([image, stages]) => ({ ...(image as object), name: 'hostile', stages }));
}

/** With the last line that says of a lock that nobody touched it. */
function withDigest(text: Buffer): Buffer {
  const body = text.toString('utf8').replace(/^"?digest"?:.*\n?/m, '');
  return Buffer.from(`${body}digest: "${createHash('sha256').update(body).digest('hex')}"\n`);
}
