import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { showPlan, type PlanOptions } from '../../pipeline/commands/plan.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { rotSilently } from '../engine/entries.ts';
import { planOfRaft, put, putPlan, raftProject, write, type RaftContext } from './raft.ts';

const folder = scratchDirectory();
let count = 0;
const newProject = (own: Parameters<typeof raftProject>[1] = {}): RaftContext =>
  raftProject(join(folder, `${count++}`), own);
const optionsOf = ({ project }: RaftContext, own: Partial<PlanOptions> = {}): PlanOptions => ({
  image: 'raft',
  sets: [],
  formats: [],
  compress: 'none',
  bundle: false,
  out: join(project, 'out'),
  why: null,
  ...own,
});
/** Step, state and why of each row. */
const rowsOf = (printed: string): string[][] =>
  printed.split('\n').flatMap(line => {
    const [, step = '', state = '', why = ''] = /^(\S+) .* (cached|build) *(.*)$/.exec(line) ?? [];
    return step === '' ? [] : [[step, state, why]];
  });

describe('plan', () => {
  test('before anything is resolved', async () => {
    const context = newProject();
    expect(await showPlan(context, optionsOf(context))).toBe(0);
    expect(context.printed).toMatch(/^raft 7, layout float\n\nstep +stage +reads +key +state +why\n/);
    const [logs, pond, table] = rowsOf(context.printed);
    expect(logs).toEqual(['logs', 'build', 'never built here']);
    expect(pond).toEqual(['pond', 'build', 'logs will be built']);
    expect(table).toEqual(['table', 'build', 'pond will be built']);
  });

  test('what the store has, and why it has not the rest', async () => {
    const context = newProject({ width: null });
    const plan = await planOfRaft(context);
    await putPlan(context, plan);
    const artifact = join(context.environment.cache, 'store', plan.steps[2]?.key ?? '', 'artifact');
    rmSync(artifact);
    await showPlan(context, optionsOf(context));
    expect(rowsOf(context.printed)).toEqual([
      ['logs', 'cached', ''],
      ['pond', 'cached', ''],
      ['table', 'build', `${artifact} is gone`],
      ['box', 'build', 'never built here'],
    ]);
  });

  test('as JSON, with the parts of each key', async () => {
    const context = newProject({ json: true });
    const plan = await planOfRaft(context);
    await showPlan(context, optionsOf(context));
    const { image, version, layout, steps } = JSON.parse(context.printed) as {
      image: string;
      version: string;
      layout: string;
      steps: Record<string, unknown>[];
    };
    expect([image, version, layout]).toEqual(['raft', '7', 'float']);
    expect(steps[1]).toEqual({
      id: 'pond',
      stage: 'filesystem',
      inputs: { tree: 'logs' },
      key: plan.steps[1]?.key,
      state: 'build',
      why: 'never built here',
      parts: plan.steps[1]?.parts,
    });
  });

  test('reads no bytes of what is as it was', async () => {
    const context = newProject();
    const plan = await planOfRaft(context);
    await putPlan(context, plan);
    const entry = join(context.environment.cache, 'store', plan.steps[0]?.key ?? '');
    rotSilently(entry, join(entry, 'artifact'), 'rotten');
    await showPlan(context, optionsOf(context));
    expect(rowsOf(context.printed)[0]).toEqual(['logs', 'cached', '']);
  });
});

describe('plan --why', () => {
  /** Built once; then a line of an overlay is another. */
  async function changed(own: Parameters<typeof raftProject>[1] = {}): Promise<RaftContext> {
    const context = newProject(own);
    await putPlan(context, await planOfRaft(context));
    write(context.project, 'overlays/deck/srv/sign.txt', 'diving\n');
    return context;
  }

  test('tells of the step and of all that it follows from', async () => {
    const context = await changed();
    expect(await showPlan(context, optionsOf(context, { why: 'pond' }))).toBe(0);
    const lines = context.printed.split('\n');
    expect(lines[0]).toMatch(
      /^pond will be built: changed: input tree, compared with \S+ \S+ UTC \(key [0-9a-f]{12}\)$/,
    );
    expect(lines[1]).toMatch(/^ {4}input tree: [0-9a-f]{12} -> [0-9a-f]{12}$/);
    expect(lines[3]).toMatch(/^logs will be built: changed: options, compared with/);
    expect(lines[4]).toMatch(/^ {4}options\.overlays\S*\/srv\/sign\.txt\]\.sha256: [0-9a-f]{12} -> [0-9a-f]{12}$/);
  });

  test('as JSON, with whole digests', async () => {
    const context = await changed({ json: true });
    await showPlan(context, optionsOf(context, { why: 'logs' }));
    const { steps } = JSON.parse(context.printed) as {
      steps: { step: string; changes: { was: string; is: string }[] }[];
    };
    expect(steps).toMatchObject([{ step: 'logs', state: 'build', reason: 'changed: options' }]);
    expect(steps[0]?.changes).toHaveLength(1);
    for (const side of ['was', 'is'] as const) expect(steps[0]?.changes[0]?.[side]).toMatch(/^[0-9a-f]{64}$/);
  });

  test('of a value that was set: the old and the new', async () => {
    const context = newProject();
    await putPlan(context, await planOfRaft(context));
    await showPlan(context, optionsOf(context, { why: 'pond', sets: ['stages[1].options.compression=gzip'] }));
    expect(context.printed).toMatch(/\n {4}options\.\S*compression\S*: zstd -> gzip\n$/);
  });

  test('of a step whose file was published elsewhere', async () => {
    const context = newProject();
    const plan = await planOfRaft(context);
    const box = plan.steps[3];
    write(context.project, 'raft.raw', 'artful');
    await put(context, {
      key: box?.key ?? '',
      step: 'box',
      image: 'raft',
      published: join(context.project, 'raft.raw'),
    });
    await showPlan(context, optionsOf(context, { why: 'box' }));
    expect(context.printed.split('\n')[0]).toBe(
      `box will be built: ${box?.publishes} is no longer there, or was built elsewhere (${context.project}/raft.raw)`,
    );
  });

  test('no step of that name', async () => {
    const context = newProject();
    await expect(showPlan(context, optionsOf(context, { why: 'pnod' }))).rejects.toMatchObject({
      name: 'UsageFault',
      message: 'no step "pnod" in raft (did you mean "pond"?)',
      hint: 'its steps: logs, pond, table, box',
    });
  });
});
