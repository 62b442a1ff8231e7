/** build.json of a release: what the build's says, without what differs from run to run. Pure. */

/** Who built, what of it was reused, and how long the rest took: nothing of that is in the image. */
const OF_THE_RUN = { record: ['uid', 'root'], stage: ['cached', 'seconds'] };

export function releaseRecord(record: Record<string, unknown>): Record<string, unknown> {
  const stages = record.stages as Record<string, unknown>[];
  return { ...without(record, OF_THE_RUN.record), stages: stages.map(each => without(each, OF_THE_RUN.stage)) };
}

function without(value: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
