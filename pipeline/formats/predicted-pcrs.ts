/** PCRs of a boot that has not taken place, and where a boot that has differs from them. */
import { EV_NO_ACTION, type LoggedEvent } from './event-log.ts';
import { describeEvent } from './event-text.ts';
import { extendedPcr, type Measurement } from './pcr.ts';

export interface PredictedPcr {
  /** SHA-256 bank, hexadecimal. */
  value: string;
  /** What makes it, from zero on. */
  events: Measurement[];
}

export interface PredictedPcrs {
  pcr4: PredictedPcr;
  pcr7: PredictedPcr;
  /** One a profile of the UKI, in its order; `profile` is null for a UKI without profiles. */
  pcr11: (PredictedPcr & { profile: number | null; id: string })[];
}

/** As build.json has them: hexadecimal values; PCRs 4 and 7 are null when no firmware is named, or it would not boot. */
export interface PcrValues {
  pcr4: string | null;
  pcr7: string | null;
  pcr11: { profile: number | null; id: string; value: string }[];
}

export function predictedPcr(events: Measurement[]): PredictedPcr {
  return { value: extendedPcr(events.map(({ digest }) => digest)), events };
}

/** Without the events. */
export function pcrValues(predicted: Pick<PredictedPcrs, 'pcr11'> & Partial<PredictedPcrs>): PcrValues {
  const pcr11 = predicted.pcr11.map(({ profile, id, value }) => ({ profile, id, value }));
  return { pcr4: predicted.pcr4?.value ?? null, pcr7: predicted.pcr7?.value ?? null, pcr11 };
}

/** The first event of a PCR in `log` that is not the predicted one, in words; null when all are. */
export function firstDifference(
  pcr: number,
  { events }: Pick<PredictedPcr, 'events'>,
  log: readonly LoggedEvent[],
): string | null {
  const measured = log.filter(each => each.pcr === pcr && each.type !== EV_NO_ACTION);
  const at = measured.findIndex(({ digest }, index) => digest !== events[index]?.digest);
  const [found, expected] = at === -1 ? [undefined, events[measured.length]] : [measured[at], events[at]];
  if (found === undefined && expected === undefined) return null;
  const wanted = expected === undefined ? 'nothing more' : `${expected.what}, ${expected.digest.slice(0, 16)}…`;
  const place = `event ${at === -1 ? measured.length + 1 : at + 1}`;
  return `${place} should be ${wanted}, but is ${found === undefined ? 'not there' : describeEvent(found)}`;
}
