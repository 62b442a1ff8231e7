/** Changes of a lock file as a table. Pure. */
import { drawTable } from '../../report/table.ts';
import type { LockChange } from './changes.ts';

export function drawChanges(
  changes: readonly LockChange[],
  { width, color }: { width: number | null; color: boolean },
): string {
  const columns = ['manifest', 'package', 'change', 'was', 'is'].map(title => ({ title, align: 'left' as const }));
  const rows = changes.map(each => [each.manifest, each.name, kindOf(each), each.from ?? '', each.to ?? '']);
  return drawTable(columns, rows, { width, color });
}

function kindOf({ from, to }: LockChange): string {
  if (from === null) return 'added';
  if (to === null) return 'removed';
  return from === to ? 'another file' : 'changed';
}
