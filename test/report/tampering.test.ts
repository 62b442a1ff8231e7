import { describe, expect, it } from 'vitest';
import {
  TAMPER_OUTCOMES,
  type TamperOutcome,
  type Tampering,
  type TamperStratum,
} from '../../pipeline/formats/tampering.ts';
import { drawTampering } from '../../pipeline/report/tampering.ts';

function stratum(name: string, own: Partial<TamperStratum> = {}): TamperStratum {
  const outcomes = Object.fromEntries(TAMPER_OUTCOMES.map(each => [each, 0])) as Record<TamperOutcome, number>;
  return {
    name,
    bytes: 2 ** 20,
    trials: 7,
    repeated: 1,
    outcomes: { ...outcomes, corrected: 7 },
    reasons: [],
    unprotected: '',
    ...own,
  };
}

const BIT = { stratum: 'reef', offset: 4711, bit: 3, outcome: 'corrected' as const, why: 'a wave' };
const SOUND: Tampering = {
  format: 1,
  file: { name: 'reef.vhdx', bytes: 99, sha256: 'a', sha256After: 'a' },
  seed: 11,
  trials: 7,
  passed: true,
  seconds: 61,
  trialsPerSecond: 42.4,
  strata: [
    stratum('data'),
    stratum('Log', { trials: 0, unprotected: 'it is written' }),
    stratum('Data', { trials: 0, unprotected: 'it is written' }),
  ],
  repeated: [{ tool: 'sonar', trials: 1 }],
  disagreements: [],
  failures: [],
  boots: [],
};
const draw = (own: Partial<Tampering> = {}, color = false): string =>
  drawTampering({ ...SOUND, ...own }, { width: 200, color });

describe('drawTampering', () => {
  it('has a line a stratum, says once why some are left alone, and ends with one that says it all', () => {
    const lines = draw().split('\n');
    expect(lines[1]?.split(/ {2,}/)).toEqual(['data', '1 MiB', '7', '0', '7', '0', '0', '0', '0', '1']);
    expect(lines[2]?.split(/ {2,}/)).toEqual(['Log', '1 MiB', ...Array.from({ length: 8 }, () => '-')]);
    expect(lines.slice(4)).toEqual([
      '',
      'unprotected: Log, Data: it is written',
      'reef.vhdx: 7 bits flipped in 1 stratum (seed 11); no wrong byte goes unnoticed; repeated: 1 by sonar; 42 trials/s, 1m 01s in all.',
    ]);
  });

  it('names each bit that went wrong', () => {
    const text = draw({ passed: false, failures: [{ ...BIT, outcome: 'failed' }], disagreements: [BIT] });
    expect(text).toContain('FAILED: reef, bit 3 of byte 4711 (failed): a wave');
    expect(text).toContain('DISAGREEMENT: reef, bit 3 of byte 4711 (corrected): a wave');
    expect(text).toContain('1 wrong byte would go unnoticed');
    expect(text).toContain('1 disagreement');
  });

  it('says what booted machines did', () => {
    const boot = { ...BIT, seen: 'slot A came up', fits: true, seconds: 31 };
    const text = draw({ boots: [boot, { ...boot, fits: false, seen: 'it did not come up' }] });
    expect(text).toContain('booted: reef, bit 3 of byte 4711 (corrected): slot A came up, in 31.0s');
    expect(text).toContain('BOOTED, AND NOT AS JUDGED: reef, bit 3 of byte 4711 (corrected): it did not come up');
    expect(text).toContain('1 of 2 boots as judged');
  });

  it('tells when the image changed meanwhile, and takes control characters out', () => {
    const file = { ...SOUND.file, name: 'reef\u001B[2J.vhdx', sha256After: 'b' };
    expect(draw({ file })).toContain('reef.vhdx: ');
    expect(draw({ file })).toContain('THE IMAGE CHANGED MEANWHILE');
  });
});
