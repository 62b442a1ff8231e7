import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { referencesOf, type References } from '../../../pipeline/commands/cache/references.ts';
import { cacheFolders } from '../../../pipeline/engine/environment.ts';
import { listEntries } from '../../../pipeline/engine/store.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { planOfRaft, put, putPlan, raftProject, write, type RaftContext } from '../raft.ts';

const folder = scratchDirectory();
let count = 0;

/** A project with one image, built once. */
async function built(): Promise<{ context: RaftContext; keys: string[] }> {
  const context = raftProject(join(folder, `${count++}`));
  const plan = await planOfRaft(context);
  await putPlan(context, plan);
  return { context, keys: plan.steps.map(each => each.key ?? '') };
}
const find = async (context: RaftContext): Promise<Map<string, References>> => (await all(context)).byKey;
const all = async (context: RaftContext): ReturnType<typeof referencesOf> =>
  referencesOf(context, await listEntries(cacheFolders(context.environment.cache).store));
const copyOf = ({ project }: RaftContext, name: string, change: (text: string) => string): void =>
  write(
    project,
    `pipeline/${name}.yaml`,
    change(readFileSync(join(project, 'pipeline/raft.yaml'), 'utf8')).replace('name: raft', `name: ${name}`),
  );

test('a key has the images whose plan has it, and the steps that were made from it', async () => {
  const { context, keys } = await built();
  const [logs = '', pond = '', table = '', box = ''] = keys;
  const found = await find(context);
  expect(found.get(logs)).toEqual({ images: ['raft'], steps: ['raft/pond'] });
  expect(found.get(pond)).toEqual({ images: ['raft'], steps: ['raft/table'] });
  expect(found.get(table)).toEqual({ images: ['raft'], steps: [] });
  // Wanted, though it was never built.
  expect(found.get(box)).toEqual({ images: ['raft'], steps: [] });
  expect(found.size).toBe(4);
});

test('what two images share has both', async () => {
  const { context, keys } = await built();
  copyOf(context, 'barge', text => text.replace('compression: zstd', 'compression: gzip'));
  const found = await find(context);
  expect(found.get(keys[0] ?? '')?.images).toEqual(['barge', 'raft']);
  expect(found.get(keys[1] ?? '')?.images).toEqual(['raft']);
});

test('a step that reads one thing twice is named once', async () => {
  const { context, keys } = await built();
  const [logs = ''] = keys;
  await put(context, { key: 'twice', step: 'deck', parts: { 'input one': logs, 'input two': logs } });
  expect((await find(context)).get(logs)?.steps.toSorted()).toEqual(['galleon/deck', 'raft/pond']);
});

test('a definition with faults is told of, and the others count', async () => {
  const { context, keys } = await built();
  copyOf(context, 'barge', text => text.replace('stage: disk', 'stage: dsik'));
  const { byKey, images, unknown } = await all(context);
  expect(byKey.get(keys[0] ?? '')?.images).toEqual(['raft']);
  expect({ images, unknown }).toEqual({ images: ['barge', 'raft'], unknown: ['barge'] });
  expect(context.events).toEqual([
    {
      type: 'warning',
      message: 'pipeline/barge.yaml has faults: what it wants of the cache is not known',
      hint: 'caisson check barge',
    },
  ]);
});

test('without a project only entries speak for entries', async () => {
  const { context, keys } = await built();
  rmSync(join(context.project, 'pipeline'), { recursive: true });
  const found = await find(context);
  expect(found.get(keys[0] ?? '')).toEqual({ images: [], steps: ['raft/pond'] });
});
