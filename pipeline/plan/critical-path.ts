/** Which steps the end of a build waited for. Pure. */

export interface TimedStep {
  id: string;
  /** Ids of the steps that it reads. */
  inputs: readonly string[];
  /** Null for what was not built. */
  startedAt: number | null;
  seconds: number;
}

/**
 * Ids, first to last: the step that ended last, the one of its inputs that ended last, and so on. A build is faster
 * when one of these is. Empty when nothing was built.
 */
export function criticalPath(steps: readonly TimedStep[]): string[] {
  const built = steps.flatMap(step =>
    step.startedAt === null ? [] : [{ ...step, end: step.startedAt + step.seconds }],
  );
  const last = (of: readonly (typeof built)[number][]): (typeof built)[number] | undefined =>
    of.reduce<(typeof built)[number] | undefined>(
      (most, each) => (each.end > (most?.end ?? -1) ? each : most),
      undefined,
    );
  const path: string[] = [];
  for (let step = last(built); step !== undefined;) {
    path.unshift(step.id);
    const { inputs } = step;
    step = last(built.filter(({ id }) => inputs.includes(id)));
  }
  return path;
}
