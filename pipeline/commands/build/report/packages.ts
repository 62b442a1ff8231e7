/** Packages of an image by what they take. */
import { field } from '../../../debian/stanza.ts';
import type { Resolution } from '../../../engine/resolve.ts';
import type { ReportPackages } from '../../../formats/build-report.ts';
import type { Facts } from '../../../stages/stage.ts';
import type { PackageSizes } from '../../../tree/package-sizes.ts';
import type { Plan, PlannedStep } from '../../../plan/plan.ts';

export interface PackagesInput {
  plan: Plan;
  factsOf: (id: string) => Facts;
  resolutions: Readonly<Record<string, Resolution>>;
}

type Installed = { name: string; version: string };

/**
 * Those of the root by the files that are there of them. Where no step counted these (a root without dpkg, or made by
 * an older Caisson), all of the image by what Debian says.
 */
export function reportPackages({ plan, factsOf, resolutions }: PackagesInput): ReportPackages {
  const sources = plan.steps.flatMap(step =>
    step.sources === null
      ? []
      : [{ manifest: step.sources.name, packages: (factsOf(step.id).packages ?? []) as Installed[] }],
  );
  const counts = sources.map(({ manifest, packages }) => ({ manifest, count: packages.length }));
  const root = plan.steps.find(step => factsOf(step.id).packageSizes !== undefined);
  if (root !== undefined) {
    const { packageSizes, otherFiles } = factsOf(root.id) as Partial<PackageSizes>;
    const versions = new Map(packagesBelow(root, { plan, factsOf }).map(each => [each.name, each.version]));
    const rows = (packageSizes ?? []).map(({ name, bytes }) => ({ name, version: versions.get(name) ?? '', bytes }));
    return { sizes: 'files', rows, other: otherFiles ?? null, counts };
  }
  const rows = sources
    .flatMap(({ manifest, packages }) => packages.map(each => archived(each, resolutions[manifest])))
    .sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  return { sizes: rows.some(each => each.bytes !== null) ? 'archive' : 'none', rows, other: null, counts };
}

/** Of the nearest step that it is made from and that has some: others, as the initrd's, may have the same in another version. */
function packagesBelow(top: PlannedStep, { plan, factsOf }: Pick<PackagesInput, 'plan' | 'factsOf'>): Installed[] {
  const below = new Set([top]);
  // What is added meanwhile is visited too.
  for (const step of below) {
    const { packages } = factsOf(step.id) as { packages?: Installed[] };
    if (packages !== undefined) return packages;
    const inputs = Object.values(step.inputs);
    for (const each of plan.steps) if (inputs.includes(each.id)) below.add(each);
  }
  return [];
}

/** Installed-Size is in KiB (deb-control(5)). */
function archived({ name, version }: Installed, resolution: Resolution | undefined): ReportPackages['rows'][number] {
  const stanza = resolution?.packages.find(each => each.name === name)?.stanza ?? '';
  const size = Number.parseInt(field(stanza, 'Installed-Size'), 10);
  return { name, version, bytes: Number.isNaN(size) ? null : size * 1024 };
}
