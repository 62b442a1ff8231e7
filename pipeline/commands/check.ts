/** caisson check: reads documents and reports every fault of every file; builds nothing. With --host, tries the host. */
import path from 'node:path';
import { ConfigFault } from '../config/diagnostic.ts';
import { LOCK_SUFFIX } from '../config/lock.ts';
import { fileOf, findDocument, kindOf, listDocuments } from '../config/places.ts';
import { loadLayout, loadManifest, loadOverlayTree } from '../config/project.ts';
import type { Diagnostic } from '../config/types.ts';
import { checkHost } from '../engine/host.ts';
import { drawTable } from '../report/table.ts';
import { count } from '../report/text.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { loadImage } from './build/prepare.ts';

export async function check(context: CommandContext, targets: readonly string[]): Promise<ExitCode> {
  const named = targets.length > 0 ? [...targets] : await everything(context.project);
  if (named.length === 0)
    throw new UsageFault(`no documents in ${context.project}`, 'go to a project, or name one with --project');
  const faults: Diagnostic[] = [];
  for (const target of named) {
    try {
      await checkOne(context, target);
    } catch (error) {
      if (!(error instanceof ConfigFault)) throw error;
      faults.push(...error.diagnostics);
    }
  }
  if (faults.length > 0) throw new ConfigFault(faults);
  const shown = named.map(each => path.relative(process.cwd(), each) || each);
  context.print(
    context.json
      ? `${JSON.stringify({ checked: shown, faults: [] })}\n`
      : `${count(shown.length, 'document')} without faults: ${shown.join(', ')}\n`,
  );
  return 0;
}

export async function checkTheHost(context: CommandContext): Promise<ExitCode> {
  const rows = await checkHost(context.environment, process.version, context.signal);
  const missing = rows.filter(row => !row.ok);
  if (context.json) context.print(`${JSON.stringify({ ok: missing.length === 0, checks: rows }, null, 2)}\n`);
  else {
    const columns = ['what', 'state', 'found'].map(title => ({ title, align: 'left' as const }));
    context.print(
      `${drawTable(
        columns,
        rows.map(row => [row.name, row.ok ? 'ok' : 'MISSING', row.found]),
        { width: null, color: context.color },
      )}\n`,
    );
    for (const row of missing) context.print(`\n${row.name}: ${row.found}\n    remedy: ${row.remedy}\n`);
  }
  return missing.length === 0 ? 0 : 1;
}

/** A file under layouts/ or rootfs-manifests/ and a folder under overlays/ are checked as such; all else is an image, by name or file. */
async function checkOne(context: CommandContext, target: string): Promise<void> {
  const kind = target.includes('/') || /\.ya?ml$/.test(target) ? kindOf(target) : 'image';
  // A lock is checked against what its image asks.
  if (kind === 'manifest' && target.endsWith(LOCK_SUFFIX)) await checkOne(context, await imageOfLock(context, target));
  else if (kind === 'layout') await loadLayout(target);
  else if (kind === 'manifest') await loadManifest(target, context);
  else if (kind === 'overlay') await loadOverlayTree(target);
  else await loadImage(context, { image: target, sets: [], formats: [], compress: 'none', bundle: false });
}

/** Of the project that the lock file stands in. */
async function imageOfLock({ home }: CommandContext, file: string): Promise<string> {
  const [project, name] = [path.resolve(file, '../..'), path.basename(file, LOCK_SUFFIX)];
  return (await findDocument({ project, home }, 'image', name)) ?? fileOf(project, 'image', name);
}

async function everything(project: string): Promise<string[]> {
  const { images, layouts, manifests } = await listDocuments(project);
  return [...images, ...layouts, ...manifests];
}
