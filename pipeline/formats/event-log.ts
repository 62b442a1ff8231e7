/**
 * What firmware measured and in which order: the crypto-agile log of the TCG PC Client Platform Firmware Profile 1.06,
 * section 10; Linux shows it as binary_bios_measurements.
 */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { extendPcr, INITIAL_PCR } from './pcr.ts';
import { viewOf } from './read-at.ts';

/** The log begins with an event of the old form, whose data names the digests of all others. */
const OLD_EVENT: Bytes = 32;
const SIGNATURE = 'Spec ID Event03\0';
const SHA256 = 0x000b;
export const EV_NO_ACTION = 0x00000003;
const STARTUP_LOCALITY = 'StartupLocality\0';

export interface LoggedEvent {
  pcr: number;
  /** EV_…, see event-text.ts. */
  type: number;
  /** SHA-256, hexadecimal: what the PCR was extended with. */
  digest: string;
  /** What was measured, or what it is called: the type tells. */
  data: Uint8Array;
}

/** All events but the first, which is a header. Throws FormatFault for another log, or one cut short. */
export function decodeEventLog(bytes: Uint8Array): LoggedEvent[] {
  const view = viewOf(bytes);
  if (bytes.length < OLD_EVENT) throw damaged(`${bytes.length} bytes`);
  const start = OLD_EVENT + view.getUint32(OLD_EVENT - 4, true);
  const sizes = digestSizes(bytes.subarray(OLD_EVENT, start));
  const events: LoggedEvent[] = [];
  for (let at = start; at < bytes.length;) {
    const { event, end } = decodeEvent(bytes, { at, sizes });
    events.push(event);
    at = end;
  }
  return events;
}

/** PCR -> its value after all of its events, bank SHA-256, for those PCRs that have one. */
export function replayEventLog(events: readonly LoggedEvent[]): Map<number, string> {
  const pcrs = new Map<number, string>();
  for (const event of events) {
    const locality = startupLocality(event);
    if (locality !== null) pcrs.set(0, locality.toString(16).padStart(INITIAL_PCR.length, '0'));
    if (event.type === EV_NO_ACTION) continue;
    pcrs.set(event.pcr, extendPcr(pcrs.get(event.pcr) ?? INITIAL_PCR, event.digest));
  }
  return pcrs;
}

/** TCG_EfiSpecIdEvent: algorithm -> bytes of its digests. */
function digestSizes(data: Uint8Array): Map<number, Bytes> {
  if (Buffer.from(data.subarray(0, 16)).toString('latin1') !== SIGNATURE || data.length < 28)
    throw damaged('it does not begin with "Spec ID Event03"');
  const view = viewOf(data);
  const count = view.getUint32(24, true);
  if (28 + count * 4 > data.length) throw damaged(`${count} algorithms in a header of ${data.length} bytes`);
  const sizes = Array.from({ length: count }, (_, i) => 28 + i * 4).map(
    at => [view.getUint16(at, true), view.getUint16(at + 2, true)] as const,
  );
  return new Map(sizes);
}

/** TCG_PCR_EVENT2. */
function decodeEvent(
  bytes: Uint8Array,
  { at, sizes }: { at: Bytes; sizes: ReadonlyMap<number, Bytes> },
): { event: LoggedEvent; end: Bytes } {
  const view = viewOf(bytes);
  const take = (offset: Bytes, length: Bytes): Bytes => {
    if (offset + length > bytes.length) throw damaged(`an event at ${at} goes on behind the end at ${bytes.length}`);
    return offset;
  };
  const count = view.getUint32(take(at, 12) + 8, true);
  let next = at + 12;
  let digest = '';
  for (let i = 0; i < count; i += 1) {
    const algorithm = view.getUint16(take(next, 2), true);
    const size = sizes.get(algorithm);
    if (size === undefined) throw damaged(`an event at ${at} has a digest of algorithm 0x${algorithm.toString(16)}`);
    const from = take(next + 2, size);
    if (algorithm === SHA256) digest = Buffer.from(bytes.subarray(from, from + size)).toString('hex');
    next = from + size;
  }
  if (digest === '') throw damaged(`an event at ${at} has no SHA-256 digest`);
  const length = view.getUint32(take(next, 4), true);
  const from = take(next + 4, length);
  const event = { pcr: view.getUint32(at, true), type: view.getUint32(at + 4, true), digest };
  return { event: { ...event, data: bytes.slice(from, from + length) }, end: from + length };
}

/** Section 10.4.5.3: the locality that started the TPM is the first value of PCR 0. */
function startupLocality({ type, data }: LoggedEvent): number | null {
  const text = Buffer.from(data.subarray(0, STARTUP_LOCALITY.length)).toString('latin1');
  return type === EV_NO_ACTION && text === STARTUP_LOCALITY ? (data[STARTUP_LOCALITY.length] ?? 0) : null;
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged event log: ${what}`, 'read it again: binary_bios_measurements of the TPM');
}
