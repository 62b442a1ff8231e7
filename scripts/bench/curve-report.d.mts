interface Largest {
  name: string;
  bytes: number;
}
interface Step {
  id: string;
  seconds: number;
  node?: number;
  largest?: Largest;
}
export function noteSample(
  memory: Map<string, { node: number; largest: Largest }>,
  step: string,
  sample: { node: number; programs: readonly Largest[] },
): void;
export function curveSection(measured: {
  host: string;
  runs: readonly { seconds: number; rootBytes: number; steps: readonly Step[] }[];
}): string;
