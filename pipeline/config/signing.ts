/** What an image says of signing and of enforced verification must go together. */
import { fault } from './document.ts';
import type { Document } from './document.ts';
import { isMapping, listAt, valueAt, valueText } from './paths.ts';
import type { Diagnostic } from './types.ts';

/** Only what the values say; whether key and certificate are there and fit is found out when something is signed. */
export function signingFaults(document: Document): Diagnostic[] {
  const signing = valueAt(document.value, ['signing']);
  const stages = listAt(document.value, ['stages']);
  const signs = stages.some(step => isMapping(step) && step.stage === 'sign');
  return [
    ...(valueAt(document.value, ['verifiedBoot']) === 'enforced' && !signs
      ? [
          fault(
            document,
            ['verifiedBoot'],
            'enforced, but no step signs: whoever swaps the kernel image would switch it off',
            'add steps with `stage: sign` and a `signing:` section, as pipeline/secure.yaml has them',
          ),
        ]
      : []),
    ...(signing !== undefined && !signs
      ? [
          fault(
            document,
            ['signing'],
            'a key is named, but no step signs',
            'add a step with `stage: sign` after those that make the boot partitions, or take `signing:` away',
          ),
        ]
      : []),
    ...(valueAt(document.value, ['verifiedBoot']) === 'enforced' && signs ? unsignedFaults(document, stages) : []),
    ...(isMapping(signing) ? tokenFaults(document, signing) : []),
  ];
}

/** What makes programs that the firmware or the selector starts. */
const BOOT_STAGES = ['selector', 'uki'];

/** What goes onto the disk must have come by a step that signs: shim and firmware would refuse it at the first boot. */
function unsignedFaults(document: Document, stages: readonly unknown[]): Diagnostic[] {
  const steps = stages.map(step => (isMapping(step) ? step : {}));
  const inputsOf = (step: Record<string, unknown>): [string, unknown][] =>
    isMapping(step.inputs) ? Object.entries(step.inputs) : [];
  // Each step once: the ways through steps that read one another double with every step.
  const unsigned = (id: unknown, seen: Set<unknown>): string | null => {
    const step = steps.find(each => each.id === id);
    if (step === undefined || step.stage === 'sign' || seen.has(id)) return null;
    seen.add(id);
    if (BOOT_STAGES.includes(valueText(step.stage))) return valueText(id);
    for (const [, source] of inputsOf(step)) {
      const found = unsigned(source, seen);
      if (found !== null) return found;
    }
    return null;
  };
  return steps.flatMap((step, index) =>
    step.stage !== 'disk'
      ? []
      : inputsOf(step).flatMap(([name, source]) => {
          const found = unsigned(source, new Set());
          if (found === null) return [];
          return [
            fault(
              document,
              ['stages', index, 'inputs', name],
              `"${valueText(source)}" brings what "${found}" made, and no step between them signs it`,
              'put a step with `stage: sign` between them: firmware with Secure Boot would refuse it',
            ),
          ];
        }),
  );
}

/** A key in a token needs the module that talks to it, and a file needs none. */
function tokenFaults(document: Document, { key, module, pinFile }: Record<string, unknown>): Diagnostic[] {
  if (typeof key !== 'string') return [];
  const inToken = key.startsWith('pkcs11:');
  if (inToken && module === undefined)
    return [
      fault(
        document,
        ['signing'],
        'the key is in a token, and no module leads to it',
        'add `module:`, the PKCS#11 library of its maker',
      ),
    ];
  if (inToken) return [];
  return [
    ...(module === undefined ? [] : [fault(document, ['signing', 'module'], MODULE_OF_FILE, MODULE_HINT)]),
    ...(pinFile === undefined ? [] : [fault(document, ['signing', 'pinFile'], MODULE_OF_FILE, MODULE_HINT)]),
  ];
}

const MODULE_OF_FILE = 'the key is a file, not one in a token';
const MODULE_HINT = 'take this away, or write the key as "pkcs11:token=...;object=..."';
