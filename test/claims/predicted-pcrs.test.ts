import { describe, expect, it } from 'vitest';
import { Untried } from '../../pipeline/claims/claim.ts';
import { predictedPcrsClaim } from '../../pipeline/claims/predicted-pcrs.ts';
import { decodeEventLog } from '../../pipeline/formats/event-log.ts';
import { predictedPcr, type PredictedPcr, type PredictedPcrs } from '../../pipeline/formats/predicted-pcrs.ts';
import { extendPcr } from '../../pipeline/formats/pcr.ts';
import { captured, PCRS } from '../formats/captured.ts';
import { subject } from './subject.ts';

const BYTES = captured('secure-boot.log');
const LOG = decodeEventLog(BYTES);
const of = (pcr: number): PredictedPcr =>
  predictedPcr(LOG.filter(each => each.pcr === pcr).map(({ digest }) => ({ what: `measured into ${pcr}`, digest })));
/** The captured machine ran profile 3. */
const SOUND: PredictedPcrs = {
  pcr4: of(4),
  pcr7: of(7),
  pcr11: [
    { profile: 0, id: 'day', ...of(1) },
    { profile: 3, id: 'night', ...of(11) },
  ],
};

async function prove(predictedPcrs: PredictedPcrs | null, shown: Partial<Record<number, string>> = {}, log = BYTES) {
  const values = { ...PCRS, ...shown };
  const says = [
    ...[4, 7, 11].map(pcr => `pcr${pcr}=${values[pcr]?.toUpperCase()}`),
    `log=${Buffer.from(log).toString('base64')}`,
  ];
  const asked = subject({ says });
  return predictedPcrsClaim.prove({ ...asked, image: { ...asked.image, predictedPcrs } });
}

describe('predicted-pcrs', () => {
  it('holds for the machine whose log was captured', async () => {
    expect(await prove(SOUND)).toEqual([
      { fits: true, text: 'PCR 4 is eb905082007471c3…, as computed' },
      { fits: true, text: 'PCR 7 is dac960d364433f17…, as computed' },
      { fits: true, text: 'PCR 11 of profile @3 is fa37c906f2c1e313…, as computed' },
    ]);
  });

  it('names the first event that differs', async () => {
    const events = SOUND.pcr7.events.map((each, at) => (at === 6 ? { what: 'kelp', digest: 'ab'.repeat(32) } : each));
    const [, policy, kernel] = await prove({ ...SOUND, pcr7: predictedPcr(events) });
    expect(policy?.fits).toBe(false);
    expect(policy?.text).toMatch(
      /: event 7 should be kelp, abababababababab…, but is PCR 7 EFI_VARIABLE_AUTHORITY db: certificate test db, 9fbaa392e2a9e06a…$/,
    );
    expect(kernel?.fits).toBe(true);
  });

  it('tells what was extended after the log', async () => {
    const [, , kernel] = await prove(SOUND, { 11: extendPcr(PCRS[11] ?? '', 'cd'.repeat(32)) });
    expect(kernel?.fits).toBe(false);
    expect(kernel?.text).toContain('it was extended after the kernel took over');
  });

  it('compares with the profile that was started', async () => {
    const [, , none] = await prove({ ...SOUND, pcr11: SOUND.pcr11.slice(0, 1) });
    expect(none).toEqual({ fits: false, text: 'the UKI has no profile 3, which was started' });
    const [, , alone] = await prove({ ...SOUND, pcr11: [{ profile: null, id: '', ...of(11) }] });
    expect(alone).toEqual({ fits: true, text: 'PCR 11 is fa37c906f2c1e313…, as computed' });
  });

  it('is not tried without a prediction, and fails without a log', async () => {
    await expect(prove(null)).rejects.toThrow(Untried);
    await expect(prove(SOUND, {}, BYTES.subarray(0, 40))).rejects.toThrow(/damaged event log/);
  });
});
