/** What policies for changed files need from the overlays. Rules only report. */
import { suggest } from './nearest.ts';
import type { Report } from './layout-scope.ts';
import type { Diagnostic, Layout, Overlays } from './types.ts';

/** Each policy needs a place of its own where changes are kept in full. */
export function atUpdateFaults({ overlays }: Layout, report: Report): Diagnostic[] {
  const { entries = [], direct = [], atUpdate = [] } = overlays ?? {};
  return atUpdate.flatMap(({ path: written }, index) => {
    const path = ['overlays', 'atUpdate', index, 'path'];
    const twin = atUpdate.findIndex(each => each.path === written);
    if (twin < index) return [report(path, `${written} is overlays.atUpdate[${twin}] already`)];
    // init and the guest read them as words.
    if (!/^[\w./@%+=:-]+$/.test(written))
      return [
        report(
          path,
          `"${written}" cannot stand in the boot configuration`,
          'allowed: letters, digits and . _ - + = : @ % /',
        ),
      ];
    const bound = direct.find(each => covers(each.path, written));
    if (bound !== undefined)
      return [
        report(
          path,
          `${written} lies on ${bound.path}, which is direct: there no file hides one of the image`,
          'leave it out',
        ),
      ];
    const overlay = entries.find(each => covers(each.path, written));
    if (overlay === undefined) return [report(path, `${written} lies in no overlay`, hint(written, entries))];
    if (overlay.mode === 'full') return [];
    const message = `${written} lies in ${overlay.path}, which is ${overlay.mode}: no changed file is kept there`;
    return [report(path, message, 'leave it out')];
  });
}

function covers(directory: string, path: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** A typing error is looked for in as many steps of the path as an overlay has. */
function hint(written: string, entries: Overlays['entries']): string {
  const overlays = entries.map(each => each.path);
  const steps = (path: string): number => path.split('/').length;
  const near = overlays
    .map(overlay => suggest(written.split('/').slice(0, steps(overlay)).join('/'), [overlay]))
    .find(each => each.startsWith('did'));
  return near ?? `allowed: paths in ${overlays.join(', ')}`;
}
