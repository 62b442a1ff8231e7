/** What becomes of changed files at an update, as init and the scripts of the guest read it. Pure. */
import type { Layout } from '../config/types.ts';

/** Who this machine is: of these a new image brings no newer ones, only empty ones. */
const IDENTITY = ['/etc/machine-id', '/etc/hostname'] as const;

/** Words `PATH|POLICY`; empty where every changed file is kept. Paths of the identity stay out of it unless they are named. */
export function updatePolicies(overlays: Layout['overlays']): string {
  const policies = overlays?.atUpdate ?? [];
  if (!policies.some(each => each.policy === 'take-new')) return '';
  const silent = IDENTITY.filter(path => !policies.some(each => each.path === path));
  const kept = silent.map(path => ({ path, policy: 'keep' as const }));
  return [...policies, ...kept].map(each => `${each.path}|${each.policy}`).join(' ');
}
