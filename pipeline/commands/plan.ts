/** caisson plan: the steps of an image, in order, with their keys and what the store has of them. */
import path from 'node:path';
import { lookAhead } from '../engine/execute.ts';
import { drawTable } from '../report/table.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { loadImage, planRecorded, type PrepareOptions } from './prepare.ts';

export async function showPlan(
  context: CommandContext,
  options: Pick<PrepareOptions, 'image' | 'sets' | 'formats'> & { out: string },
): Promise<ExitCode> {
  const project = await loadImage(context, options);
  const { plan, resolutions } = await planRecorded(context, project);
  const out = path.join(path.resolve(options.out), plan.image.name);
  const ahead = await lookAhead(plan, { environment: context.environment, out });
  const rows = plan.steps.map(step => {
    const entry = ahead.get(step.id) ?? null;
    const unresolved = step.sources !== null && resolutions[step.sources.name] === undefined;
    const upstream = Object.values(step.inputs).filter(id => (ahead.get(id) ?? null) === null);
    const state = entry !== null ? 'cached' : 'build';
    const why =
      entry !== null
        ? ''
        : unresolved
          ? `packages of ${step.sources?.name} not resolved yet`
          : upstream.length > 0
            ? `${upstream.join(', ')} will be built`
            : step.key === null
              ? 'the tools tree is not resolved yet'
              : 'not in the store';
    return { id: step.id, stage: step.stage.name, inputs: step.inputs, key: step.key, state, why, parts: step.parts };
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
