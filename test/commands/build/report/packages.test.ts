import { describe, expect, test } from 'vitest';
import { reportPackages } from '../../../../pipeline/commands/build/report/packages.ts';
import type { Facts } from '../../../../pipeline/stages/stage.ts';
import { packageOf, resolutionOf } from '../../../plan/fixture.ts';
import { recordInput } from '../galleon-build.ts';

const { plan } = recordInput();
const named = (id: string) => {
  const found = plan.steps.find(each => each.id === id);
  if (found === undefined) throw new Error(`no step ${id}`);
  return found;
};
const installed = [
  { name: 'rope', version: '1' },
  { name: 'sail', version: '2' },
  { name: 'tar', version: '3' },
];
const factsOf =
  (facts: Readonly<Record<string, Facts>>) =>
  (id: string): Facts =>
    facts[id] ?? {};

describe('packages by size', () => {
  test('by the files that a step found of them, with the versions of their manifest', () => {
    const sized = { packageSizes: [{ name: 'sail', bytes: 70, files: 2 }], otherFiles: { bytes: 9, files: 1 } };
    const facts = { parts: { packages: installed }, hull: sized };
    expect(reportPackages({ plan, factsOf: factsOf(facts), resolutions: {} })).toEqual({
      sizes: 'files',
      rows: [{ name: 'sail', version: '2', bytes: 70 }],
      other: { bytes: 9, files: 1 },
      counts: [{ manifest: 'cargo', count: 3 }],
    });
  });

  test('of a root that is no manifest, the versions are its own: the initrd may have another of the name', () => {
    const step = (id: string, inputs: Record<string, string>) => ({ ...named('parts'), id, inputs });
    const steps = [{ ...step('yard', {}), sources: null }, step('hull', { tree: 'yard' }), step('brig', {})];
    const facts = {
      yard: { packages: [{ name: 'sail', version: '7' }] },
      hull: { packageSizes: [{ name: 'sail', bytes: 70, files: 2 }] },
      brig: { packages: installed },
    };
    const found = reportPackages({ plan: { ...plan, steps }, factsOf: factsOf(facts), resolutions: {} });
    expect(found.rows).toEqual([{ name: 'sail', version: '7', bytes: 70 }]);
  });

  test('else by what the archive says, in KiB', () => {
    const stanza = (name: string, size: string) => ({ ...packageOf(name), stanza: `Package: ${name}\n${size}` });
    const resolutions = {
      cargo: resolutionOf('cargo', [
        stanza('rope', 'Installed-Size: 12'),
        stanza('sail', 'Installed-Size: 40'),
        stanza('tar', ''),
      ]),
    };
    expect(reportPackages({ plan, factsOf: factsOf({ parts: { packages: installed } }), resolutions })).toMatchObject({
      sizes: 'archive',
      rows: [
        { name: 'sail', bytes: 40 * 1024 },
        { name: 'rope', bytes: 12 * 1024 },
        { name: 'tar', bytes: null },
      ],
      other: null,
    });
  });

  test('of a lock file alone nothing is known', () => {
    const found = reportPackages({ plan, factsOf: factsOf({ parts: { packages: installed } }), resolutions: {} });
    expect(found.sizes).toBe('none');
    expect(found.rows).toHaveLength(3);
  });
});
