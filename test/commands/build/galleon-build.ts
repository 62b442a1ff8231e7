import type { BuildRecordInput } from '../../../pipeline/commands/build/record.ts';
import type { StepResult } from '../../../pipeline/engine/execute.ts';
import type { Facts } from '../../../pipeline/stages/stage.ts';
import { makePlan } from '../../../pipeline/plan/plan.ts';
import { planInput, resolutionOf } from '../../plan/fixture.ts';

/** A build of a small image, of which the first step was in the store. */
export function recordInput(): BuildRecordInput {
  const input = planInput();
  const steps = input.image.stages.flatMap(step => (step.id === 'trim' ? [] : [step]));
  const image = {
    ...input.image,
    budgets: { ...input.image.budgets, packages: 9 },
    stages: [
      ...steps,
      { id: 'proof', stage: 'verity', inputs: { filesystem: 'sys' }, options: { content: 'sys' } },
      { id: 'disk', stage: 'disk', inputs: { sys: 'proof', hold: 'hold', kern: 'hold', state: 'hold' }, options: {} },
      { id: 'box', stage: 'container', inputs: { disk: 'disk' }, options: { format: 'raw' } },
    ],
  };
  const packages = {
    ...input.packages,
    chest: {
      digest: 'c',
      packages: [
        ...(input.packages.chest?.packages ?? []),
        { name: 'cryptsetup-bin', version: '2', architecture: 'amd64', uri: '', bytes: 1, sha256: 's', stanza: '' },
      ],
    },
  };
  const { plan } = makePlan({ ...input, image, packages });
  if (plan === null) throw new Error('no plan');
  const facts: Record<string, Facts> = {
    parts: {
      packages: [
        { name: 'rope', version: '1', architecture: 'amd64' },
        { name: 'sail', version: '2', architecture: 'all' },
      ],
    },
    proof: { rootHash: 'c0ffee', hashOffset: 4096, fecOffset: 8192, fecRoots: 7 },
    disk: { diskGuid: 'g', size: 99, partitions: [{ name: 'SysA', used: 5 }] },
  };
  const results = new Map(
    plan.steps.map((step, index): [string, StepResult] => [
      step.id,
      {
        cached: index === 0,
        seconds: 1.23456,
        artifact: {
          id: step.id,
          key: step.key ?? '',
          sha256: `d-${step.id}`,
          bytes: 10 + index,
          path: step.publishes === null ? `/cache/store/${step.id}` : `/srv/out/galleon/${step.publishes}`,
          facts: facts[step.id] ?? {},
          inputs: {},
        },
      },
    ]),
  );
  return {
    plan,
    project: {
      folder: '/host',
      image,
      layout: plan.layout,
      manifests: {},
      overlays: {},
      files: {},
      lock: null,
      position: () => ({ file: '', line: 1, col: 1 }),
    },
    results,
    resolutions: { chest: resolutionOf('chest', packages.chest.packages) },
    environment: { cache: '/cache', root: false, uid: 4321, user: 'keel', path: '', proxies: {}, inherited: {} },
    out: '/srv/out/galleon',
    pcrs: { pcr4: 'f0', pcr7: null, pcr11: [] },
  };
}
