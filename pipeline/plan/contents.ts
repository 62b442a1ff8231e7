/** Which content of the layout is which, by what the steps of a definition say. Pure. */
import type { Step } from '../config/types.ts';

/** The content that the step of this stage names in an option; null for a definition without one. */
export function contentNamed(stages: readonly Step[], stage: string, option: string): string | null {
  const value = stages.find(step => step.stage === stage)?.options[option];
  return typeof value === 'string' ? value : null;
}
