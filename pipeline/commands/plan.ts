/** caisson plan: the steps of an image, in order, with their keys, what the store has of them, and why not. */
import path from 'node:path';
import { cacheFolders } from '../engine/environment.ts';
import { lookAhead } from '../engine/execute.ts';
import { listEntries } from '../engine/store.ts';
import { drawTable } from '../report/table.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { loadImage, planRecorded, type ImageOptions } from './build/prepare.ts';
import { drawChain, explainChain, explainStep, type WhyInput } from './plan/why.ts';

export interface PlanOptions extends ImageOptions {
  out: string;
  /** A step to tell about in full; null for a line about each. */
  why: string | null;
}

export async function showPlan(context: CommandContext, options: PlanOptions): Promise<ExitCode> {
  const { environment, signal } = context;
  const project = await loadImage(context, options);
  const { plan, resolutions } = await planRecorded(context, project);
  const out = path.join(path.resolve(options.out), plan.image.name);
  const ahead = await lookAhead(plan, { environment, out, signal });
  const entries = await listEntries(cacheFolders(environment.cache).store);
  const input: WhyInput = { plan, ahead, entries, resolutions };
  if (options.why !== null) {
    const chain = explainChain(options.why, input);
    context.print(context.json ? `${JSON.stringify({ steps: chain }, null, 2)}\n` : `${drawChain(chain)}\n`);
    return 0;
  }
  const rows = plan.steps.map(step => {
    const { state, reason } = explainStep(step.id, input);
    const { id, stage, inputs, key, parts } = step;
    return { id, stage: stage.name, inputs, key, state, why: reason, parts };
  });
  if (context.json) {
    context.print(
      `${JSON.stringify({ image: plan.image.name, version: plan.image.version, layout: plan.layout.name, steps: rows }, null, 2)}\n`,
    );
    return 0;
  }
  const columns = [
    { title: 'step' },
    { title: 'stage' },
    { title: 'reads' },
    { title: 'key' },
    { title: 'state' },
    { title: 'why' },
  ].map(column => ({ ...column, align: 'left' as const }));
  const cells = rows.map(row => [
    row.id,
    row.stage,
    [...new Set(Object.values(row.inputs))].join(' '),
    row.key?.slice(0, 12) ?? '-',
    row.state,
    row.why,
  ]);
  context.print(
    `${plan.image.name} ${plan.image.version}, layout ${plan.layout.name}\n\n${drawTable(columns, cells, { width: context.width, color: context.color })}\n`,
  );
  return 0;
}
