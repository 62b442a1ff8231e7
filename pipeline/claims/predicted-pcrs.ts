import { decodeEventLog, replayEventLog, type LoggedEvent } from '../formats/event-log.ts';
import { FormatFault } from '../formats/fault.ts';
import { firstDifference, type PredictedPcr, type PredictedPcrs } from '../formats/predicted-pcrs.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { ask } from './ask.ts';
import { claim, fact, Untried } from './claim.ts';
import { ClaimFault } from './fault.ts';
import { isEnforced } from './enforced.ts';

const SCRIPT = String.raw`
for each in 4 7 11; do say "pcr$each" "$(cat "/sys/class/tpm/tpm0/pcr-sha256/$each")"; done
say log "$(base64 --wrap=0 /sys/kernel/security/tpm0/binary_bios_measurements)"`;

/** Tag of systemd-stub's event that says which profile it starts; PCR 12, UTF-16. */
const PROFILE_TAG = 0x13aed6db;
const EV_EVENT_TAG = 0x00000006;

export const predictedPcrsClaim = claim({
  name: 'predicted-pcrs',
  promise: () => 'The TPM shows the PCRs 4, 7 and 11 that were computed from the files of the image.',
  tried: 'PCRs of an emulated TPM 2.0 under Secure Boot compared with the computed ones; event log replayed',
  scenario: 'attacked',
  applies: declaration => isEnforced(declaration) && declaration.features.tpm === 'on',
  prove: async ({ machine, image }) => {
    if (image.predictedPcrs === null) throw new Untried('this machine has no Secure Boot with keys that are known');
    const answers = await ask(machine, SCRIPT);
    const log = decoded(answers.one('log'));
    const shown = (pcr: number): string => answers.one(`pcr${pcr}`).toLowerCase();
    return predictedFacts(image.predictedPcrs, log, shown);
  },
});

/** `shown`: value of a PCR in the machine, hexadecimal in lower case. */
function predictedFacts(
  { pcr4, pcr7, pcr11 }: PredictedPcrs,
  log: readonly LoggedEvent[],
  shown: (pcr: number) => string,
): ProvenFact[] {
  const profile = startedProfile(log);
  const kernel = pcr11.find(each => each.profile === profile) ?? pcr11.find(each => each.profile === null);
  const compare = (pcr: number, predicted: PredictedPcr, of: string): ProvenFact => {
    const value = shown(pcr);
    if (value === predicted.value) return fact(true, `PCR ${pcr}${of} is ${value.slice(0, 16)}…, as computed`);
    return fact(
      false,
      `PCR ${pcr}${of} is ${value.slice(0, 16)}…, computed was ${predicted.value.slice(0, 16)}…: ${reason(pcr, predicted, { log, value })}`,
    );
  };
  return [
    compare(4, pcr4, ''),
    compare(7, pcr7, ''),
    kernel === undefined
      ? fact(false, `the UKI has no profile ${profile}, which was started`)
      : compare(11, kernel, kernel.profile === null ? '' : ` of profile @${kernel.profile}`),
  ];
}

function decoded(base64: string): LoggedEvent[] {
  try {
    return decodeEventLog(Buffer.from(base64, 'base64'));
  } catch (error) {
    if (error instanceof FormatFault) throw new ClaimFault(error.message);
    throw error;
  }
}

/** The stub starts profile 0 when it is asked for none, and says so only of the others. */
function startedProfile(log: readonly LoggedEvent[]): number {
  const tagged = log.find(
    ({ type, data }) => type === EV_EVENT_TAG && data.length > 8 && Buffer.from(data).readUInt32LE(0) === PROFILE_TAG,
  );
  return tagged === undefined ? 0 : Number.parseInt(Buffer.from(tagged.data.subarray(8)).toString('utf16le'), 10);
}

function reason(
  pcr: number,
  predicted: PredictedPcr,
  { log, value }: { log: readonly LoggedEvent[]; value: string },
): string {
  const difference = firstDifference(pcr, predicted, log);
  if (difference !== null) return difference;
  return replayEventLog(log).get(pcr) === value
    ? 'yet every event is as computed'
    : 'the log is as computed, so it was extended after the kernel took over (systemd-pcrphase, systemd-pcrextend)';
}
