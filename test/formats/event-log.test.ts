import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEventLog, replayEventLog } from '../../pipeline/formats/event-log.ts';
import { describeEvent } from '../../pipeline/formats/event-text.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { captured, PCRS } from './captured.ts';
import { poke } from './made.ts';

const LOG = captured('secure-boot.log');
/** Where the second event begins, behind the header and its five algorithms: 32 + 16 + 8 + 4 + 4 * 4 + 1 bytes. */
const SECOND = 32 + new DataView(LOG.buffer).getUint32(28, true);

describe('decodeEventLog', () => {
  it('reads a log whose events make the PCRs of the machine', () => {
    const replayed = replayEventLog(decodeEventLog(LOG));
    expect(Object.fromEntries(replayed)).toEqual(PCRS);
  });

  it('reads data that have the digest which was measured, where data are what is measured', () => {
    const variables = decodeEventLog(LOG).filter(({ pcr }) => pcr === 7);
    expect(variables).toHaveLength(9);
    for (const { data, digest } of variables) expect(createHash('sha256').update(data).digest('hex')).toBe(digest);
  });

  it('takes the locality of the start as the first value of PCR 0', () => {
    const note = { pcr: 0, type: 3, digest: '00'.repeat(32), data: Buffer.from('StartupLocality\0\x03') };
    expect(replayEventLog([note]).get(0)).toBe(`${'00'.repeat(31)}03`);
    expect(replayEventLog([{ ...note, data: Buffer.from('kelp') }]).size).toBe(0);
  });

  it('refuses a log that is cut short anywhere but between two events', () => {
    let whole = 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LOG.length - 1 }), length => {
        try {
          whole += decodeEventLog(LOG.subarray(0, length)).length > 0 ? 1 : 0;
        } catch (error) {
          expect(error).toBeInstanceOf(FormatFault);
        }
      }),
      { numRuns: 300 },
    );
    expect(whole).toBeLessThan(30);
  });

  it.each<[string, { at: number; value: number; width: 1 | 2 | 4 }, RegExp]>([
    ['another header', { at: 32, value: 0x54, width: 1 }, /does not begin with "Spec ID Event03"/],
    ['too many algorithms', { at: 32 + 24, value: 900, width: 4 }, /900 algorithms/],
    ['an algorithm that the header does not name', { at: SECOND + 12, value: 0x99, width: 2 }, /algorithm 0x99/],
    ['no digests', { at: SECOND + 8, value: 0, width: 4 }, /has no SHA-256 digest/],
    ['data behind the end', { at: SECOND + 8, value: 200, width: 4 }, /behind the end|algorithm/],
  ])('refuses %s', (_, place, message) => {
    expect(() => decodeEventLog(poke(LOG, place))).toThrow(message);
  });
});

describe('describeEvent', () => {
  it('says what was measured, a line each', () => {
    const lines = decodeEventLog(LOG).map(describeEvent);
    expect(lines).toHaveLength(54);
    expect(lines.filter(line => /PCR [47] /.test(line)).map(line => line.replace(/, [0-9a-f]{16}…$/, ''))).toEqual([
      'PCR 7 EFI_VARIABLE_DRIVER_CONFIG SecureBoot: 1',
      'PCR 7 EFI_VARIABLE_DRIVER_CONFIG PK: certificate test PK',
      'PCR 7 EFI_VARIABLE_DRIVER_CONFIG KEK: certificate test KEK',
      'PCR 7 EFI_VARIABLE_DRIVER_CONFIG db: certificate test db',
      'PCR 7 EFI_VARIABLE_DRIVER_CONFIG dbx: digest e3b0c44298fc1c14…',
      'PCR 7 SEPARATOR',
      String.raw`PCR 4 EFI_ACTION Calling EFI Application from Boot Option`,
      'PCR 4 SEPARATOR',
      'PCR 7 EFI_VARIABLE_AUTHORITY db: certificate test db',
      String.raw`PCR 4 EFI_BOOT_SERVICES_APPLICATION \EFI\BOOT\BOOTX64.EFI`,
      'PCR 7 EFI_VARIABLE_AUTHORITY SbatLevel: sbat,1,2025021800 shim,4 grub,5',
      'PCR 7 EFI_VARIABLE_AUTHORITY db: certificate test db',
      String.raw`PCR 4 EFI_BOOT_SERVICES_APPLICATION \EFI\BOOT\grubx64.efi`,
      'PCR 4 EFI_BOOT_SERVICES_APPLICATION handed over in memory',
      'PCR 4 EFI_BOOT_SERVICES_APPLICATION handed over in memory',
    ]);
    expect(lines).toContain('PCR 11 IPL .linux, 0da293e37ad5511c…');
    expect(lines).toContain('PCR 9 EVENT_TAG Linux initrd, 1c6027ce81e6e96d…');
  });

  it('is one line of plain characters for any event', () => {
    const types = fc.constantFrom(1, 4, 6, 7, 13, 0x80000001, 0x80000003, 0x800000e0, 0x80000007, 99);
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 90 }), (type, data) => {
        expect(describeEvent({ pcr: 7, type, digest: 'ab'.repeat(32), data })).toMatch(/^PCR 7 [\x20-\x7e…]+$/);
      }),
    );
  });
});
