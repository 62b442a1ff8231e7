import { describe, expect, it } from 'vitest';
import { decodeEventLog } from '../../pipeline/formats/event-log.ts';
import { firstDifference, pcrValues, predictedPcr } from '../../pipeline/formats/predicted-pcrs.ts';
import { captured, PCRS } from './captured.ts';

const LOG = decodeEventLog(captured('secure-boot.log'));
const EVENTS = LOG.filter(({ pcr }) => pcr === 4).map(({ digest }, at) => ({ what: `program ${at}`, digest }));
const OTHER = { what: 'kelp', digest: 'ab'.repeat(32) };

describe('firstDifference', () => {
  it('is null for a log that is as predicted', () => {
    expect(firstDifference(4, { events: EVENTS }, LOG)).toBeNull();
    expect(predictedPcr(EVENTS).value).toBe(PCRS[4]);
  });

  it('names what was measured and what should have been', () => {
    const events = EVENTS.map((each, at) => (at === 2 ? OTHER : each));
    expect(firstDifference(4, { events }, LOG)).toBe(
      String.raw`event 3 should be kelp, abababababababab…, but is PCR 4 EFI_BOOT_SERVICES_APPLICATION \EFI\BOOT\BOOTX64.EFI, f4166948f7adafa7…`,
    );
  });

  it('names what was not measured, and what is too much', () => {
    expect(firstDifference(4, { events: [...EVENTS, OTHER] }, LOG)).toBe(
      'event 7 should be kelp, abababababababab…, but is not there',
    );
    expect(firstDifference(4, { events: EVENTS.slice(0, -1) }, LOG)).toMatch(
      /^event 6 should be nothing more, but is PCR 4 EFI_BOOT_SERVICES_APPLICATION handed over in memory/,
    );
    expect(firstDifference(8, { events: [OTHER] }, LOG)).toMatch(/^event 1 should be kelp/);
  });
});

describe('pcrValues', () => {
  it('leaves the events out', () => {
    const kernel = { profile: 2, id: 'night', ...predictedPcr([]) };
    expect(pcrValues({ pcr4: predictedPcr(EVENTS), pcr7: predictedPcr([OTHER]), pcr11: [kernel] })).toEqual({
      pcr4: PCRS[4],
      pcr7: predictedPcr([OTHER]).value,
      pcr11: [{ profile: 2, id: 'night', value: '00'.repeat(32) }],
    });
  });
});
